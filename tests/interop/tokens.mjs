// owhaled's tokens held against jose: it verifies ours from our JWKS, and what it makes of every classic attack is refused.
//
// Usage: node tokens.mjs SOCKET <input.json    {"token","seed"}: a live token, and the key (hex) that signed it
// Prints {"verified":{…},"good":STATUS,"attacks":{NAME:[STATUS,CODE]}}.
import http from 'node:http';
import {readFileSync} from 'node:fs';
import {CompactSign, SignJWT, UnsecuredJWT, createLocalJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair,
        importJWK, jwtVerify} from 'jose';

const socketPath = process.argv[2];
const {token, seed} = JSON.parse(readFileSync(0));
const bytes = text => new TextEncoder().encode(text);
const agent = new http.Agent({keepAlive: true, maxSockets: 1});

const ask = (path, headers = {}) => new Promise((resolve, reject) => {
  http.get({socketPath, path, headers: {host: 'localhost', ...headers}, agent}, response => {
    let text = '';
    response.on('data', part => text += part).on('end', () => resolve([response.statusCode, JSON.parse(text)]));
  }).on('error', reject);
});
const show = async bearer => {
  const [status, body] = await ask('/v1/whoami', {authorization: `Bearer ${bearer}`});
  return [status, body.code ?? body.principal];
};

const [, jwks] = await ask('/.well-known/jwks.json');
const {payload, protectedHeader} = await jwtVerify(token, createLocalJWKSet(jwks), {
  algorithms: ['EdDSA'], audience: 'owhaled', typ: 'JWT',
  requiredClaims: ['iss', 'aud', 'sub', 'jti', 'iat', 'nbf', 'exp'],
});

const {kid} = decodeProtectedHeader(token);
const published = jwks.keys.find(key => key.kid === kid);
const ours = await importJWK({...published, d: Buffer.from(seed, 'hex').toString('base64url')}, 'EdDSA');
const {privateKey: theirs, publicKey: theirPublic} = await generateKeyPair('EdDSA', {crv: 'Ed25519'});
const {privateKey: es256} = await generateKeyPair('ES256');
const publicBytes = Buffer.from(published.x, 'base64url');
const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicBytes]);
const pem = `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`;
const now = Math.floor(Date.now() / 1000);
const header = more => ({alg: 'EdDSA', kid, typ: 'JWT', ...more});
const sign = (claims, head, key) => new SignJWT({...payload, ...claims}).setProtectedHeader(head).sign(key);
const raw = (text, key = ours) => new CompactSign(bytes(text)).setProtectedHeader(header()).sign(key);
const without = name => {
  const {[name]: gone, ...claims} = payload;
  return new SignJWT(claims).setProtectedHeader(header()).sign(ours);
};
const [h, c, s] = token.split('.');
const encode = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const with_header = async text => {
  const head = encode(text);
  const signed = await new CompactSign(Buffer.from(c, 'base64url')).setProtectedHeader(header()).sign(ours);
  return `${head}.${c}.${signed.split('.')[2]}`;
};

const attacks = {
  'alg none': new UnsecuredJWT(payload).encode(),
  'alg none, our kid': `${encode({alg: 'none', kid, typ: 'JWT'})}.${c}.`,
  'alg None in capitals': `${encode({alg: 'NONE', kid, typ: 'JWT'})}.${c}.${s}`,
  'HS256 with the raw public key': sign({}, header({alg: 'HS256'}), publicBytes),
  'HS256 with the public key as base64url': sign({}, header({alg: 'HS256'}), bytes(published.x)),
  'HS256 with the public key as PEM': sign({}, header({alg: 'HS256'}), bytes(pem)),
  'HS256 with the JWK as text': sign({}, header({alg: 'HS256'}), bytes(JSON.stringify(published))),
  'ES256': sign({}, header({alg: 'ES256'}), es256),
  'kid traversal': sign({}, header({kid: '../../../../../../dev/null'}), theirs),
  'kid traversal to our own key file': sign({}, header({kid: `../jwt/${kid}`}), ours),
  'kid with SQL': sign({}, header({kid: "' UNION SELECT 1 --"}), theirs),
  'kid with NUL': sign({}, header({kid: `${kid}\0`}), ours),
  'another key with our kid': sign({}, header(), theirs),
  'embedded jwk': sign({}, header({jwk: await exportJWK(theirPublic)}), theirs),
  'embedded jwk of ours': sign({}, header({jwk: published}), ours),
  'jku': sign({}, header({jku: 'http://127.0.0.1:1/jwks.json'}), theirs),
  'x5u': sign({}, header({x5u: 'http://127.0.0.1:1/x.pem'}), theirs),
  'crit': with_header({...header(), crit: ['exp']}),
  'b64 false': with_header({...header(), b64: false, crit: ['b64']}),
  'another issuer': sign({iss: 'owhaled:00000000-0000-7000-8000-000000000000'}, header(), ours),
  'no issuer': without('iss'),
  'another audience': sign({aud: 'somebody'}, header(), ours),
  'several audiences': sign({aud: ['owhaled', 'somebody']}, header(), ours),
  'no audience': without('aud'),
  'expired': sign({exp: now - 1}, header(), ours),
  'no end': without('exp'),
  'not yet valid': sign({nbf: now + 600}, header(), ours),
  'issued in the future': sign({iat: now + 600}, header(), ours),
  'end as text': sign({exp: String(now + 600)}, header(), ours),
  'no jti': without('jti'),
  'a jti that was never issued': sign({jti: '01900000-0000-7000-8000-000000000000'}, header(), ours),
  "another's name": sign({sub: 'user:root'}, header(), ours),
  'duplicated claims': raw(`{"sub":"user:root",${JSON.stringify(payload).slice(1)}`),
  'duplicated header': with_header(`{"alg":"none",${JSON.stringify(header()).slice(1)}`),
  'huge header': sign({}, header({typ: 'x'.repeat(2000)}), ours),
  'huge token': raw(JSON.stringify({...payload, x: 'x'.repeat(8000)})),
  'deep claims': raw('['.repeat(1000) + ']'.repeat(1000)),
  'claims that are no object': raw('[]'),
  'changed claims': `${h}.${encode({...payload, sub: 'user:root'})}.${s}`,
  'no signature': `${h}.${c}.`,
  'a cut signature': token.slice(0, -4),
  'padding': `${token}==`,
  'the other base64': `${h}.${c}.${s.replaceAll('-', '+').replaceAll('_', '/')}+`,
  'five parts': `${token}.${h}.${s}`,
  'not a token': 'hello',
};

const results = {};
for (const [name, made] of Object.entries(attacks)) results[name] = await show(await made);
const remade = await show(await sign({}, header(), ours)); // the control: the same claims, signed by jose, are good
console.log(JSON.stringify({verified: {payload, protectedHeader}, good: await show(token), remade, attacks: results}));
agent.destroy();
