// The page's pure parts, held against the standards' vectors and against what owhaled does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical, digestOf, toHex } from '../../daemon/page/app/canonical.js';
import { concat, CPace, generator, lvCat, sessionKey, utf8 } from '../../daemon/page/app/cpace.js';
import { parser } from '../../daemon/page/app/events.js';
import { readCode } from '../../daemon/page/app/joining.js';
import { wordOf } from '../../daemon/page/app/keys.js';
import { fromHash, multiply } from '../../daemon/page/app/ristretto255.js';
import { requestBase, signatureParams, signedHeaders } from '../../daemon/page/app/signing.js';
import { clipped, glyphs, inOneLine, inShellWords, linesOf, unitsOf } from '../../daemon/page/app/text.js';
import { duration, moment, relative, size } from '../../daemon/page/app/times.js';
import { markedWords } from '../../daemon/page/app/writing.js';

const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));

test('RFC 8785: order by UTF-16 units, escapes, and what has no digest', async () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, 1: 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    assert.equal(canonical(value), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
    assert.equal(canonical({ text: '\u20ac$\u000f\nA\'B"\\\\"/', list: [true, null, -0, []] }), '{"list":[true,null,0,[]],"text":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
    for (const bad of [1.5, 2 ** 53, NaN, '\ud800', undefined, 1n]) assert.throws(() => canonical({ bad }), TypeError);
    assert.equal(await digestOf({}), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});

// draft-irtf-cfrg-cpace-21, "Test vector for CPace using group ristretto255 and hash SHA-512".
const CPACE = {
    ci: lvCat(utf8('A_initiator'), utf8('B_responder')), sid: unhex('7e4b4791d6a8ef019b936c79fb7f2c57'),
    g: '222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56',
    ya: 'da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08', Ya: 'd6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157',
    yb: 'd2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d', Yb: '3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258',
    k: '80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f',
    isk: 'b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447',
};
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const scalar = (hex) => unhex(hex).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % ORDER;

test('CPace: the draft\'s vectors', async () => {
    assert.equal(toHex(lvCat(utf8('1234'), utf8('5'), utf8(''), utf8('678'))), '043132333401350003363738');
    assert.equal(toHex(lvCat(new Uint8Array(128))).slice(0, 4), '8001');
    const g = await generator(utf8('Password'), CPACE.ci, CPACE.sid);
    assert.equal(toHex(g), CPACE.g);
    assert.equal(toHex(multiply(scalar(CPACE.ya), g)), CPACE.Ya);
    assert.equal(toHex(multiply(scalar(CPACE.yb), g)), CPACE.Yb);
    const k = multiply(scalar(CPACE.ya), unhex(CPACE.Yb));
    assert.equal(toHex(k), CPACE.k);
    const isk = await sessionKey(CPACE.sid, k, { y: unhex(CPACE.Ya), ad: utf8('ADa') }, { y: unhex(CPACE.Yb), ad: utf8('ADb') });
    assert.equal(toHex(isk), CPACE.isk);
});

/** The other side, as owhaled does it (shared/pairing/cpace.cpp). */
async function respond(code, sid, their, ad) {
    const y = 12345678901234567890n;
    const own = { y: multiply(y, await generator(utf8(code), utf8('owhaled pairing 1'), sid)), ad };
    const isk = await sessionKey(sid, multiply(y, their.y), their, own);
    const bytes = new Uint8Array(await crypto.subtle.digest('SHA-512', concat(utf8('CPaceMac'), sid, isk)));
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign', 'verify']);
    const tag = new Uint8Array(await crypto.subtle.sign('HMAC', key, lvCat(own.y, own.ad)));
    return { own, tag, agrees: (theirs) => crypto.subtle.verify('HMAC', key, theirs, lvCat(their.y, their.ad)) };
}

test('CPace: with one code both agree; with two, or with something swapped on the way, nothing is shown', async () => {
    const sid = crypto.getRandomValues(new Uint8Array(16));
    const begin = () => CPace.begin('7K3M9QXT', utf8('owhaled pairing 1'), sid, utf8('key'));
    const good = await begin();
    const answer = await respond('7K3M9QXT', sid, good.own, utf8('certificate'));
    const shown = await good.meet(answer.own, answer.tag);
    assert.ok(shown && await answer.agrees(shown));
    for (const change of ['code', 'ad', 'key', 'tag', 'mirror', 'identity']) {
        const one = await begin();
        const seen = change === 'key' ? { ...one.own, ad: utf8('another key') } : one.own;
        const other = await respond(change === 'code' ? '7K3M9QXV' : '7K3M9QXT', sid, seen, utf8('certificate'));
        if (change === 'tag') other.tag[0] ^= 1;
        const share = change === 'ad' ? { ...other.own, ad: utf8('another certificate') } : change === 'mirror' ? one.own : change === 'identity' ? { y: new Uint8Array(32), ad: other.own.ad } : other.own;
        assert.equal(await one.meet(share, other.tag), null, change);
    }
    assert.throws(() => multiply(3n, new Uint8Array(32).fill(255)));
    assert.equal(fromHash(new Uint8Array(64).fill(7)).length, 32);
});

test('codes as they are typed', () => {
    assert.equal(readCode(' 7k3m-9qxt '), '7K3M9QXT');
    assert.equal(readCode('o1il 0000'), '01110000');
    for (const bad of ['', '7K3M9QX', '7K3M9QXTT', '7K3M9QXU', '7K3M9QX!']) assert.equal(readCode(bad), '');
});

test('words of a key: the proquints of the proposal', () => {
    assert.equal(`${wordOf(0x7f00)}-${wordOf(0x0001)}`, 'lusab-babad'); // 127.0.0.1
    assert.equal(`${wordOf(0x3f54)}-${wordOf(0xdcc1)}`, 'gutih-tugad'); // 63.84.220.193
});

test('RFC 9421: the base of a request, and a signature over it', async () => {
    const params = signatureParams('ID', 'N'.repeat(16), 1795772100);
    assert.equal(requestBase('GET', '/v1/runs?limit=1', 'sha-256=:A:', params).split('\n')[2], '"@query": ?limit=1');
    assert.equal(requestBase('GET', '/v1/runs', 'sha-256=:A:', params), '"@method": GET\n"@path": /v1/runs\n"@query": ?\n"content-digest": sha-256=:A:\n' +
        `"@signature-params": ("@method" "@path" "@query" "content-digest");created=1795772100;nonce="${'N'.repeat(16)}";keyid="ID";alg="ed25519"`);
    const key = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    const fields = await signedHeaders({ id: 'ID', key }, 'POST', '/v1/x', '{}', 1795772100);
    assert.equal(fields['Content-Digest'], 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:');
    const base = requestBase('POST', '/v1/x', fields['Content-Digest'], fields['Signature-Input'].slice(4));
    const bytes = Buffer.from(/^sig=:(.*):$/.exec(fields.Signature)[1], 'base64');
    assert.ok(await crypto.subtle.verify('Ed25519', key.publicKey, bytes, Buffer.from(base)));
    assert.ok(!(await crypto.subtle.verify('Ed25519', key.publicKey, bytes, Buffer.from(base.replace('POST', 'GET')))));
    await assert.rejects(crypto.subtle.exportKey('pkcs8', key.privateKey));
});

test('what is unseen, moves or runs leftward is spelt out; nothing is cut', () => {
    assert.equal(inOneLine('a\u202eb\u200bc\x1b[31m\td\ne'), 'a\\u{202e}b\\u{200b}c\\x1b[31m\\td\\ne');
    assert.equal(inOneLine('\u05d0\u0627 \u00a0 e\u0301 \u{e0041} \ud800'), '\\u{5d0}\\u{627} \\u{a0} e\\u{301} \\u{e0041} \\u{d800}');
    assert.equal(inOneLine('x' + ' '.repeat(40) + 'y'), 'x⟨40 spaces⟩y');
    assert.equal(inOneLine('caf\u00e9 <b>&amp;'), 'caf\u00e9 <b>&amp;');
    const long = 'z'.repeat(100_000);
    assert.equal(inOneLine(long), long);
    assert.deepEqual(glyphs('\u{1f600}a').map(({ at }) => at), [0, 2]);
    assert.equal(clipped('ab\u202ecd', 3), 'ab\\u{202e}…');
    assert.equal(inShellWords(['a b', "it's", '', '-x=1']), "'a b' 'it'\\''s' '' -x=1");
    assert.equal('h\u00e9 l'.slice(unitsOf('h\u00e9 l', 4)), 'l');
});

// The same text as in tests/unit/cli/escape_test.cpp: page and owhalectl show it alike.
test('what is not drawn, or draws on its neighbour, is spelt out', () => {
    assert.equal(inOneLine('a\u180bb\u180cc\u180dd\u180fe\u{13430}f\u{1343f}g\u17b4h\u0890i\ufff0j'),
        'a\\u{180b}b\\u{180c}c\\u{180d}d\\u{180f}e\\u{13430}f\\u{1343f}g\\u{17b4}h\\u{890}i\\u{fff0}j');
    assert.equal(inOneLine('k\u0e31l\u0941m\u093en\u20e3o\u302ap\ua66fq\u{11c92}r\u{1e944}s\u3164'),
        'k\\u{e31}l\\u{941}m\\u{93e}n\\u{20e3}o\\u{302a}p\\u{a66f}q\\u{11c92}r\\u{1e944}s\\u{3164}');
});

test('lines: blank ones are counted, the last end is none', () => {
    assert.deepEqual(linesOf('a\nb\n').map((line) => line.text), ['a', 'b']);
    assert.deepEqual(linesOf('a' + '\n'.repeat(7) + 'b').map((line) => line.blanks ?? line.text), ['a', 6, 'b']);
    assert.equal(linesOf('a\n\nb')[2].at, 3);
});

test('words that mix writing systems are told', () => {
    assert.deepEqual(markedWords('p\u0430ypal.com caf\u00e9 ascii'), [
        { text: 'p\\u{430}ypal.com: Latin and Cyrillic mixed', mixed: true }, { text: 'caf\\u{e9}: not ASCII', mixed: false }]);
    assert.deepEqual(markedWords('a\u302ab'), [{ text: 'a\\u{302a}b: not ASCII', mixed: false }]); // a mark is of no system
});

test('events, however they are cut', () => {
    const text = 'retry: 2000\n\nid: 7\nevent: approval.requested\ndata: {}\n\n:\n\nid: 8\nevent: run.outcome\r\ndata: {}\r\n\r\n';
    for (let size = 1; size < text.length; ++size) {
        const told = [];
        const feed = parser((event, id) => told.push(`${event} ${id}`));
        for (let at = 0; at < text.length; at += size) feed(text.slice(at, at + size));
        assert.deepEqual(told, ['approval.requested 7', 'run.outcome 8'], `pieces of ${size}`);
    }
});

test('times', () => {
    const now = Date.parse('2026-11-27T12:00:00Z');
    assert.equal(relative('2026-11-27T11:59:48.5Z', now), '11s ago');
    assert.equal(relative('2026-11-27T12:09:10Z', now), 'in 9m');
    assert.equal(relative('soon', now), 'soon');
    assert.equal(duration('90d'), 7_776_000_000);
    assert.ok(Number.isNaN(duration('5')) && Number.isNaN(duration('')));
    assert.equal(moment('2h ago', now), '2026-11-27T10:00:00Z');
    assert.equal(moment('2026-11-20T09:00:00+01:00', now), '2026-11-20T08:00:00Z');
    for (const bad of ['5', 'later', '2026-13-40', '25:99x']) assert.equal(moment(bad, now), '', bad);
    assert.equal(size(1536), '1.5 KiB');
});
