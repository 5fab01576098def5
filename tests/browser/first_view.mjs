// How soon the page's first view is drawn over TLS on loopback, in turns with its icon alone (what the browser itself takes): each
// in a profile of its own, so that nothing is cached. Prints medians in ms. Usage: tests/browser/first_view [ROUNDS]
import { Certificates, launch, Owhaled, PHONE, Wire } from './house.mjs';

const rounds = Number(process.argv[2] ?? 20);
const WAYS = { 'the page': (wire) => wire.url(), 'its icon alone': (wire) => new URL('/app/icon.svg', wire.url()).href };

async function drawn(browser, url) {
    const context = await browser.newContext({ ...PHONE, ignoreHTTPSErrors: true });
    try {
        const page = await context.newPage();
        await page.goto(url);
        return await page.evaluate(() => new Promise((done) => {
            const look = () => {
                const [paint] = performance.getEntriesByName('first-contentful-paint');
                if (paint) done(paint.startTime);
                else requestAnimationFrame(look);
            };
            look();
        }));
    } finally {
        await context.close();
    }
}

const at = (values, part) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)].toFixed(0);
const certificates = new Certificates();
const owhaled = await Owhaled.start(certificates.certificate, certificates.key);
const browser = await launch(certificates.home);
const wire = await Wire.to(owhaled.port);
const times = Object.fromEntries(Object.keys(WAYS).map((name) => [name, []]));
try {
    for (let round = -2; round < rounds; round++)
        for (const [name, url] of Object.entries(WAYS)) {
            const took = await drawn(browser, url(wire));
            if (round >= 0) times[name].push(took);
        }
    for (const [name, values] of Object.entries(times)) console.log(`${name}: first drawn after ${at(values, 0.5)} ms (p50), ${at(values, 0.9)} ms (p90)`);
} finally {
    await browser.close();
    await wire.cut();
    await owhaled.stop();
    certificates.remove();
}
