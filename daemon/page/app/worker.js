// The page, kept. Once this worker is there, nothing that comes over the network is taken for a page or a script of this origin but
// what has the digests below, fetched over a certificate that the browser believes. So whoever gets in between later, with a
// certificate that somebody clicks through, finds no page of theirs that could use this device's key.
/// <reference lib="webworker" />

/** @type {Record<string, string>} path to SHA-256 in base64: put in by the build */
const FILES = {/*FILES*/};
const CACHE = 'owhaled /*VERSION*/';

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

async function keep() {
    const cache = await caches.open(CACHE);
    await Promise.all(
        Object.entries(FILES).map(async ([path, digest]) => {
            const response = await fetch(path, { integrity: `sha256-${digest}`, cache: 'no-cache', credentials: 'omit' });
            if (!response.ok) throw new Error(`${path}: ${response.status}`);
            await cache.put(path, response);
        }),
    );
    await worker.skipWaiting();
}

async function takeOver() {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await worker.clients.claim();
}

/** @param {string} path */
async function kept(path) {
    const response = await (await caches.open(CACHE)).match(path);
    return response ?? fetch(path, { integrity: `sha256-${FILES[path]}`, credentials: 'omit' });
}

worker.addEventListener('install', (event) => event.waitUntil(keep()));
worker.addEventListener('activate', (event) => event.waitUntil(takeOver()));
worker.addEventListener('fetch', (event) => {
    const { request } = event;
    const url = new URL(request.url);
    // The API is asked directly; its answers are data.
    const data = request.destination === '' && url.origin === location.origin;
    if (data && (url.pathname.startsWith('/v1/') || url.pathname === '/app/certificate')) return;
    if (request.mode === 'navigate') event.respondWith(kept('/app'));
    else
        event.respondWith(url.origin === location.origin && url.pathname in FILES ? kept(url.pathname) : Promise.resolve(Response.error()));
});
