// A decision: over the digest of what was shown, by this device's key, while the browser believes the certificate.
import { ask, identity, Problem } from './api.js';
import { dialog, note, passwordField } from './dialogs.js';
import { choice, field, h } from './dom.js';
import { live, may } from './live.js';
import { isOfHost, ownDigest, sourceOf } from './plan.js';
import { Rows } from './rows.js';
import { duration } from './times.js';
import { inTemplate } from './text.js';
import { askTrust, HOW_TRUSTED } from './trust.js';

/** @typedef {import('../types.d.ts').Approval} Approval */
/** @typedef {import('../types.d.ts').GrantRequest} GrantRequest */

/** Why this page may do nothing but look; "" when it may do more. */
export function onlyWatches() {
    if (!live.trust.trusted) return `${live.trust.why} This page only shows, and decides nothing. ${HOW_TRUSTED}`;
    const { device } = identity();
    if (device && !device.trusted)
        return "This device was paired over a certificate that the browser did not believe, so its key may be another's, too: pair it again.";
    return '';
}

/** Throws where nothing may be done, having looked again. */
export async function insistOnTrust() {
    live.trust = await askTrust();
    const why = onlyWatches();
    if (why !== '') throw new Problem(403, 'not_trusted', why.replace(/\.$/, ''));
}

/** Whether this page signs what it decides; else an account's password goes with it. */
export const signsDecisions = () => identity().device !== null && may('approvals_decide');

/** @param {Approval} approval @param {'approve' | 'deny'} word @param {{ reason?: string, grant?: GrantRequest, password?: string }} more */
export async function decide(approval, word, more) {
    await insistOnTrust();
    const { digest, refused } = await ownDigest(approval);
    if (refused !== '') throw new Problem(409, 'digest_differs', refused.replace(/\.$/, ''));
    const body = { digest, reason: more.reason || undefined, ...(word === 'approve' ? { grant: more.grant } : {}) };
    return ask('POST', `/v1/approvals/${encodeURIComponent(approval.id)}/${word}`, { body, password: more.password });
}

const password = () => (signsDecisions() ? null : passwordField());

/** @param {Approval} approval */
export async function approveOnce(approval) {
    if (signsDecisions()) {
        await decide(approval, 'approve', {});
        note('Approved: it goes on by itself.');
        return true;
    }
    const proof = passwordField();
    return dialog('Approve this once', [proof.row], 'Approve', () => decide(approval, 'approve', { password: proof.input.value }));
}

/** @param {Approval} approval */
export function deny(approval) {
    const reason = field('Why (whoever asked reads it; may be empty)', { maxlength: 1000, autocapitalize: 'sentences' });
    const proof = password();
    return dialog(
        'Deny it',
        [reason.row, ...(proof ? [proof.row] : [])],
        'Deny',
        () => decide(approval, 'deny', { reason: reason.input.value, password: proof?.input.value }),
        'danger',
    );
}

const LONG = /** @type {const} */ ([
    ['1h', '1 hour'],
    ['8h', '8 hours'],
    ['1d', '1 day'],
    ['7d', '7 days'],
    ['30d', '30 days'],
    ['', 'until its times are used up'],
]);

/** What a standing grant would be; null when it cannot be. @param {Approval} approval */
export const grantable = (approval) => approval.offer !== undefined && !approval.offer.refused;

/** @param {Approval} approval */
export function grant(approval) {
    const offer = approval.offer ?? { once_only: false, binds: [], template: undefined };
    const host = isOfHost(approval);
    const time = choice('For how long, from now on', LONG.slice(0, host ? 5 : 6), '8h');
    const times = field('How often at most (may be empty)', { inputmode: 'numeric', pattern: '[0-9]{1,4}' });
    const like =
        offer.template && !host
            ? choice('What it covers', [
                  ['exact', 'exactly this command'],
                  ['template', inTemplate(offer.template)],
              ])
            : null;
    const trust = h('input', { type: 'checkbox', id: 'trust', required: true });
    const proof = password();
    const rows = new Rows();
    rows.add('For', approval.frozen?.principal ?? approval.principal);
    rows.add('Workspace', approval.frozen?.workspace || 'none');
    rows.add('Profile', approval.frozen?.profile ?? '');
    if (host) for (const rule of approval.frozen?.scope?.hosts ?? []) rows.add('Host', rule.host);
    else rows.add('Command', sourceOf(approval));
    for (const file of offer.binds) rows.add('Ends when', `${file.path} changes`);
    const body = [
        h('p', null, 'This would be stored, and spare questions until it ends:'),
        rows.list,
        time.row,
        ...(host ? [] : [times.row]),
        ...(like ? [like.row] : []),
        ...(offer.once_only
            ? [
                  h(
                      'div',
                      { class: 'check' },
                      trust,
                      h('label', { for: 'trust' }, 'I trust whatever the workspace makes it run: nothing binds that'),
                  ),
              ]
            : []),
        ...(like ? [h('p', { class: 'dim' }, '<word>, <path> and <number> stand for one argument each, never for an option.')] : []),
        ...(proof ? [proof.row] : []),
    ];
    return dialog('Approve, and grant', body, 'Approve and grant', () => {
        /** @type {GrantRequest} */
        const request = {};
        if (times.input.value !== '') request.times = Number(times.input.value);
        if (time.input.value !== '') request.for_ms = duration(time.input.value);
        if (request.times === undefined && request.for_ms === undefined) throw new Error('Say for how long, or how often.');
        if (like?.input.value === 'template') request.like = offer.template;
        if (offer.once_only) request.trust_workspace = trust.checked;
        return decide(approval, 'approve', { grant: request, password: proof?.input.value });
    });
}
