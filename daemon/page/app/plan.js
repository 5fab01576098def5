// The plan that a request freezes, and its digest, made here of the very members that are shown.
import { digestOf } from './canonical.js';
import { inShellWords, unitsOf } from './text.js';

/** @typedef {import('../types.d.ts').Approval} Approval */
/** @typedef {import('../types.d.ts').Frozen} Frozen */

// All that a plan of this version has (shared/api_approvals.hpp, api_network.hpp). What the page does not know it cannot show, so it
// agrees to none of it.
const MEMBERS = {
    plan: `version verb principal uid argv script language code args cwd workspace workspace_writable environment profile profile_digest net
        limits files policy stdin_digest tty joined scope`,
    scope: 'hosts asks inspected ports host_ports secrets brokers',
    file: 'path digest role held',
    host: 'host ports methods paths from',
    port: 'address host port',
    secret: 'name as variable',
};
const VERBS = ['runs.create', 'runs.exec', 'hosts.connect'];

/** @param {object} value @param {keyof typeof MEMBERS} kind */
const knows = (value, kind) => Object.keys(value).every((name) => MEMBERS[kind].split(/\s+/).includes(name));

/** @param {Frozen} frozen */
function isKnown(frozen) {
    const { scope } = frozen;
    const whole = frozen.version === 1 && VERBS.includes(frozen.verb) && knows(frozen, 'plan') && frozen.files.every((one) => knows(one, 'file'));
    if (!whole || !scope) return whole;
    return (
        knows(scope, 'scope') &&
        scope.hosts.every((one) => knows(one, 'host')) &&
        scope.ports.every((one) => knows(one, 'port')) &&
        scope.secrets.every((one) => knows(one, 'secret'))
    );
}

/** Of one host that a run wants to reach: then its view is another one. @param {Approval} approval */
export const isOfHost = (approval) => (approval.frozen ? approval.frozen.verb === 'hosts.connect' : approval.kind === 'host');

// Of a question about a host only the host is shown, so there may be nothing else in it.
/** @param {Approval} approval @param {Frozen} frozen */
function isOfItsKind(approval, frozen) {
    const host = frozen.verb === 'hosts.connect';
    if ((approval.kind === 'host') !== host) return false;
    const { scope } = frozen;
    return !host || (scope?.hosts.length === 1 && scope.ports.length + scope.host_ports.length + scope.secrets.length + scope.brokers.length === 0);
}

/**
 * The digest of what is shown; or why there is none to agree to.
 * @param {Approval} approval @returns {Promise<{ digest: string, refused: string }>}
 */
export async function ownDigest(approval) {
    const { frozen } = approval;
    if (!frozen) return { digest: '', refused: 'The plan is not here, so there is nothing to agree to.' };
    if (!isKnown(frozen) || !isOfItsKind(approval, frozen))
        return { digest: '', refused: 'This plan has parts that this page does not know: reload it, or decide with owhalectl.' };
    try {
        const digest = await digestOf(frozen);
        if (digest === approval.digest) return { digest, refused: '' };
        return { digest: '', refused: `What is shown has the digest ${digest}, which is not the request's: it was changed on the way.` };
    } catch (error) {
        return { digest: '', refused: `The plan has no digest: ${error instanceof Error ? error.message : error}.` };
    }
}

/** What is judged: the script, the code, or argv as a shell would read it. @param {Approval} approval */
export function sourceOf(approval) {
    const { frozen } = approval;
    return frozen?.script ?? frozen?.code ?? inShellWords(frozen?.argv ?? approval.command);
}

/** The part that decided, if what stands there is what owhaled says that decided. @param {Approval} approval @param {string} text */
export function decided(approval, text) {
    const { segment, segment_begin: begin = 0, segment_end: end = 0 } = approval.verdict;
    if (!segment) return { from: 0, to: 0, apart: '' };
    const from = unitsOf(text, begin);
    const to = unitsOf(text, end);
    if (begin < end && text.slice(from, to).startsWith(segment)) return { from, to, apart: '' };
    const at = text.indexOf(segment);
    if (at < 0 || text.indexOf(segment, at + 1) >= 0) return { from: 0, to: 0, apart: segment };
    return { from: at, to: at + segment.length, apart: '' };
}
