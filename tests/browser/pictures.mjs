// The README's pictures of the page: a request from its top, and its end with the answers. Usage: node pictures.mjs FOLDER
import { Certificates, launch, Owhaled, Wire } from './house.mjs';
import { Phone } from './page.mjs';

const folder = process.argv[2];
const certificates = new Certificates();
const owhaled = await Owhaled.start(certificates.certificate, certificates.key);
const browser = await launch(certificates.home);
const wire = await Wire.to(owhaled.port);
try {
    const phone = await Phone.open(browser, wire, { deviceScaleFactor: 1.5 });
    await phone.go('/app#/pair');
    await phone.pair(owhaled, ['approve', 'audit', 'runs', 'freeze'], 'my phone');
    const ask = (argv, description) => owhaled.run({ argv, cwd: '/home/alice/shop', workspace: '/home/alice/shop', description });
    await ask(['/usr/bin/git', 'push', 'origin', 'main'], 'Publishing the fix of the basket');
    await ask(['/usr/bin/curl', '-d', '@orders.csv', 'https://example.org/import'], 'Sending the orders');
    await phone.openRequest('git push');
    await phone.page.screenshot({ path: `${folder}/request.png` });
    await phone.readToEnd();
    await phone.page.screenshot({ path: `${folder}/decision.png` });
    await phone.context.close();
} finally {
    await browser.close();
    await wire.cut();
    await owhaled.stop();
    certificates.remove();
}
