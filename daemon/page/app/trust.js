// Whether the browser itself believes owhaled's certificate. A script cannot see a certificate, and no page can tell that somebody
// clicked a warning away; but a browser fetches a service worker over a certificate that it believes alone, now as when it was
// registered. So that is asked each time before anything is decided.

/** @typedef {{ trusted: boolean, why: string }} Trust */

const WORKER = '/app/worker.js';

// Names are ours, and there is this one: what Trusted Types are to keep out is any other.
const scripts = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('owhaled', {
    createScriptURL: (/** @type {string} */ url) => {
        if (url !== WORKER) throw new TypeError('not a script of this page');
        return url;
    },
});

const UNTRUSTED =
    'This browser does not believe the certificate of this owhaled: a warning was clicked away, and whoever is in between could ' +
    'show you what they like.';

/** @returns {Promise<ServiceWorkerRegistration>} */
const register = () =>
    navigator.serviceWorker.register(scripts ? scripts.createScriptURL(WORKER) : WORKER, { scope: '/', updateViaCache: 'none' });

async function answers() {
    try {
        return (await fetch('/v1/health', { cache: 'no-store', credentials: 'omit' })).ok;
    } catch {
        return false;
    }
}

/** @returns {Promise<Trust>} */
export async function askTrust() {
    if (!isSecureContext) return { trusted: false, why: 'This page did not come over TLS.' };
    if (!('serviceWorker' in navigator))
        return {
            trusted: false,
            why: 'This browser has no service workers (a private window, perhaps), so the page cannot tell whether the certificate is believed.',
        };
    try {
        await (await register()).update();
        return { trusted: true, why: '' };
    } catch {
        if (!(await answers())) return { trusted: false, why: 'owhaled does not answer, so its certificate cannot be looked at.' };
        return { trusted: false, why: UNTRUSTED };
    }
}

export const HOW_TRUSTED =
    'Let this device trust the CA that owhalectl pair ca prints, once you have compared its fingerprint; or give owhaled a certificate that ' +
    'it trusts already (tls-cert and tls-key in owhaled.conf). Then pair again. Until then: owhalectl approvals watch.';
