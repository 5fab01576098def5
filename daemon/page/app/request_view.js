// A request for approval, as a person reads it before deciding: whole, with what strangers wrote kept apart from what owhaled knows.
// The same words as `owhalectl approvals watch`.
import { sha256Hex } from './canonical.js';
import { block, h, shown } from './dom.js';
import { decided, isOfHost, sourceOf } from './plan.js';
import { Rows } from './rows.js';
import { called, inTemplate, quoted } from './text.js';
import { relative } from './times.js';
import { markedWords } from './writing.js';

/** @typedef {import('../types.d.ts').Approval} Approval */
/** @typedef {import('../types.d.ts').Frozen} Frozen */
/** @typedef {import('../types.d.ts').HostRule} HostRule */
/** @typedef {Approval & { frozen: Frozen }} Whole */

const USUAL = ['CI', 'COLORTERM', 'EDITOR', 'HOME', 'LANG', 'LOGNAME', 'NO_COLOR', 'PATH', 'SHELL', 'TERM', 'TZ', 'USER'];
/** Variables that owhaled itself gives a run with a scoped network; another value is the request's. @type {[RegExp, RegExp][]} */
const OURS = [
    [/^https?_proxy$/i, /^http:\/\/127\.0\.0\.1:\d{1,5}$/],
    [/^all_proxy$/i, /^socks5h:\/\/127\.0\.0\.1:\d{1,5}$/],
    [/^no_proxy$/i, /^localhost,127\.0\.0\.1,::1$/],
    [/^NODE_USE_ENV_PROXY$/, /^1$/],
];

/** @param {HostRule} rule */
function hostText(rule) {
    const host = rule.host.includes(':') ? `[${rule.host}]` : rule.host;
    return rule.ports ? `${host}:${rule.ports.join(',')}` : host;
}

/** @param {Rows} rows @param {Frozen} frozen */
function addReach(rows, frozen) {
    const { scope } = frozen;
    if (!scope) return;
    for (const rule of scope.hosts)
        rows.add(
            'May reach',
            hostText(rule) + (rule.from ? ` (${rule.from})` : ''),
            rule.from === 'request' || rule.from === 'command' ? 'warn' : '',
        );
    for (const rule of scope.hosts.filter((one) => one.methods || one.paths))
        rows.add('', `${hostText(rule)}: only ${[...(rule.methods ?? []), ...(rule.paths ?? [])].join(' ')}`, 'dim');
    for (const port of scope.host_ports) rows.add('May reach', `port ${port} of this machine's loopback`, 'warn');
    for (const use of scope.secrets) {
        const into = use.variable ? `, in ${use.variable}` : '';
        rows.add(
            'Secret',
            use.name + into + (use.as === 'env' ? ', which it can read' : ', by a placeholder: it cannot read it'),
            use.as === 'env' ? 'bad' : '',
        );
    }
    for (const broker of scope.brokers) rows.add('Broker', `${broker}: it signs with your keys`, 'warn');
    for (const port of scope.ports) rows.add('Publishes', `${port.address ?? '127.0.0.1'}:${port.host} to its port ${port.port}`);
    if (scope.asks) rows.add('', 'hosts that are in no list are asked about, one by one', 'dim');
    if (scope.inspected) rows.add('', 'owhaled reads what it sends by TLS', 'dim');
}

/** @type {Record<string, string>} */
const ROLES = { program: 'Program', script: 'Script', command: 'Command', input: 'Reads' };

/** @param {Rows} rows @param {Frozen} frozen @param {boolean} host */
function addFiles(rows, frozen, host) {
    for (const file of frozen.files) {
        rows.add(ROLES[file.role] ?? 'Interpreter', file.path);
        if (file.digest === '') rows.add('', 'could not be read: nobody can agree to it', 'bad');
        else rows.add('SHA-256', file.digest, 'dim digest');
        if (file.held) rows.add('', 'only root can write it', 'dim');
        else if (file.role === 'input') rows.add('', 'others than root can write it: it is compared again before this starts', 'warn');
        else rows.add('', 'others than root can write it: a copy of just this runs', 'warn');
    }
    if (!host) rows.add('Not covered', 'what these load later (Makefile, imports, configuration)', 'dim');
}

/** What is told of each variable; a value that the digest is not of is said to be so. @param {Whole} approval */
async function variables(approval) {
    const { frozen, environment } = approval;
    const names = [...new Set([...Object.keys(environment), ...Object.keys(frozen.environment)])].sort();
    return Promise.all(
        names.map(async (name) => {
            const value = environment[name];
            if (value === undefined) return { name, text: `${name}: its value is not shown`, sure: false, value: '' };
            const sure = frozen.environment[name] === (await sha256Hex(value));
            const words =
                frozen.environment[name] === undefined ? ' (not part of the plan)' : sure ? '' : ' (masked: the digest is of another text)';
            return { name, text: `${name}=${quoted(value)}${words}`, sure, value };
        }),
    );
}

/** @param {Rows} rows @param {Whole} approval */
async function addEnvironment(rows, approval) {
    const scoped = approval.frozen.net === 'scoped';
    const usual = [];
    for (const { name, text, sure, value } of await variables(approval)) {
        const ours = scoped && OURS.some(([names, values]) => names.test(name) && values.test(value));
        if (sure && (USUAL.includes(name) || name.startsWith('LC_') || ours)) usual.push(text);
        else rows.add('Environment', text, 'warn');
    }
    if (usual.length > 0) rows.add('As usual', usual.join('  '), 'dim');
}

/** @param {Rows} rows @param {Whole} approval */
function addOffer(rows, approval) {
    const { offer } = approval;
    if (!offer) return;
    if (isOfHost(approval)) return rows.add('Longer', `a grant lets it through for every run of ${approval.principal}`);
    if (offer.refused) return rows.add('Grant', `this once only: ${offer.refused}`);
    rows.add(
        'Grant',
        offer.once_only
            ? 'it runs code of the workspace that nothing binds: this once, unless the workspace is trusted'
            : 'could stand for more than once',
        offer.once_only ? 'warn' : '',
    );
    if (offer.template) rows.add('Template', inTemplate(offer.template));
    for (const file of offer.binds) rows.add('', `ends when ${file.path} changes`, 'dim');
}

/** @param {Rows} rows @param {Approval} approval */
function addWho(rows, approval) {
    const { frozen } = approval;
    rows.add('Asked by', (frozen?.principal ?? approval.principal) + (approval.parent ? `, in run ${approval.parent}` : ''), 'strong');
    rows.add('Runs as', `uid ${frozen?.uid ?? approval.uid}`);
    rows.add('Run', approval.run);
    if (approval.joined.length > 0)
        rows.add('', `and ${approval.joined.length} more run${approval.joined.length === 1 ? '' : 's'} with the same plan`);
    rows.add('Folder', frozen?.cwd ?? approval.cwd);
}

/** @param {Rows} rows @param {Frozen} frozen @param {boolean} host */
function addPlace(rows, frozen, host) {
    if (frozen.workspace === '') rows.add('Workspace', 'none');
    else rows.add('Workspace', frozen.workspace + (host ? '' : frozen.workspace_writable ? ', writable' : ', read-only'));
    rows.add(
        'Cage',
        `profile ${frozen.profile}, network ${frozen.net || 'none'}${frozen.tty ? ', a terminal' : ''}`,
        frozen.net && frozen.net !== 'none' ? 'warn' : '',
    );
    if (!host) addReach(rows, frozen);
}

/** @param {Rows} rows @param {Approval} approval @param {string} source */
function addOddWords(rows, approval, source) {
    const { frozen } = approval;
    const parts = [
        source,
        frozen?.cwd ?? '',
        frozen?.workspace ?? '',
        ...(frozen?.args ?? []),
        ...(frozen?.files ?? []).map((file) => file.path),
        ...(frozen?.scope?.hosts ?? []).map((rule) => rule.host),
        ...Object.entries(approval.environment).map(([name, value]) => `${name}=${value}`),
    ];
    for (const word of markedWords(parts.join('\n'))) rows.add(word.mixed ? 'Mixed!' : 'Not ASCII', word.text, word.mixed ? 'bad' : 'warn');
}

/** @param {Rows} rows @param {Approval} approval @param {number} now */
function addDecisions(rows, approval, now) {
    for (const one of approval.decisions) {
        const words =
            (one.decision === 'approve' ? 'approved ' : 'denied ') +
            relative(one.at, now) +
            (one.counts ? '' : ', which does not count: its own human');
        rows.add(called(one.by, one.device_name), words + (one.reason ? `: ${one.reason}` : ''), one.decision === 'approve' ? 'good' : 'bad');
    }
    if (approval.quorum > 1) rows.add('Quorum', `${approval.quorum} people have to agree`, 'warn');
    if (approval.grant) rows.add('Leaves', `grant ${approval.grant}`);
}

/** @param {Approval} approval */
function detailsOf(approval) {
    const rows = new Rows();
    const { frozen, verdict } = approval;
    rows.add('Request', approval.id);
    rows.add('Asks for', frozen?.verb ?? '');
    rows.add('Rules', frozen?.policy ?? '', 'digest');
    rows.add('Profile', frozen?.profile_digest ?? '', 'digest');
    for (const [name, value] of Object.entries(frozen?.limits ?? {})) rows.add('Limit', `${name} ${value}`);
    for (const one of verdict.opaque ?? []) rows.add('Unknown', one.reason, 'warn');
    const change = verdict.change ? [h('h3', null, 'The smallest rule that would change the verdict'), block(verdict.change)] : [];
    return h('details', null, h('summary', null, 'Details'), rows.list, change);
}

/** @param {Approval} approval @param {string} source */
function commandOf(approval, source) {
    const { frozen } = approval;
    const { from, to, apart } = decided(approval, source);
    const rows = new Rows();
    if (apart !== '') rows.add('Decided by', apart, 'bad');
    for (const argument of frozen?.args ?? []) rows.add('Argument', argument);
    if (frozen?.language) rows.add('Language', frozen.language);
    if (frozen?.stdin_digest) rows.add('Its stdin', `given whole; its SHA-256 is ${frozen.stdin_digest}`);
    if (frozen?.joined && !isOfHost(approval)) rows.add('Enters', `the cage of run ${frozen.joined}`);
    addOddWords(rows, approval, source);
    for (const note of approval.notes ?? []) rows.add('Will fail?', note, 'warn');
    return [block(source, { from, to, numbered: true }), rows.list];
}

/** @param {Approval} approval */
function hostOf(approval) {
    if (!isOfHost(approval)) return [];
    const rows = new Rows();
    for (const rule of approval.frozen?.scope?.hosts ?? []) rows.add('Host', hostText(rule), 'strong warn');
    rows.add('', 'for as long as this run lives; other runs ask anew. Its connection waits for the answer', 'dim');
    return [rows.list, h('h2', null, 'This command wants to connect')];
}

/** All of it. @param {Approval} approval @param {number} now milliseconds */
export async function planView(approval, now) {
    const host = isOfHost(approval);
    const source = sourceOf(approval);
    const rows = new Rows();
    addWho(rows, approval);
    const { frozen } = approval;
    if (frozen) {
        addPlace(rows, frozen, host);
        addFiles(rows, frozen, host);
        await addEnvironment(rows, { ...approval, frozen });
        addOffer(rows, { ...approval, frozen });
    }
    const words = approval.description
        ? h(
              'section',
              { class: 'words', 'aria-label': 'Unchecked words of whoever asks' },
              h('h2', null, 'Words of whoever asks; nobody checked them'),
              block(approval.description),
          )
        : null;
    const end = new Rows();
    addDecisions(end, approval, now);
    end.add('Digest', approval.digest, 'digest');
    return h(
        'div',
        { class: 'plan' },
        h(
            'p',
            { class: 'reason' },
            shown(approval.verdict.reason),
            ' ',
            h('span', { class: 'dim' }, '(rule ', shown(approval.verdict.rule), ')'),
        ),
        hostOf(approval),
        commandOf(approval, source),
        rows.list,
        words,
        end.list,
        detailsOf(approval),
    );
}
