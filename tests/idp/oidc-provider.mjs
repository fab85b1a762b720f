// Runs the certified OpenID provider `oidc-provider` on a loopback port, for the tests.
//
// Usage: node oidc-provider.mjs '{"port": 0, "clients": [CLIENT…], "accounts": {…}, "id_token_claims": false}', every
// member optional. A CLIENT is OpenID registration metadata: {"client_id", "client_secret", "redirect_uris", …}.
// `accounts` maps a login to its claims; a login that is not listed gets claims made from its name. With
// `id_token_claims` the ID token carries all claims; otherwise they come from the userinfo endpoint alone, as the
// specification has it. Prints one JSON line {"issuer", "discovery_url"} when it listens. JSON lines on standard input:
// {"client": CLIENT} registers one more, {"rotate_keys": true} replaces the signing keys; each is answered by one line.
// The sign-in pages are the library's own: a form that takes any login and any password, then a consent form. Ends when
// standard input closes.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

// The library tells about its development settings; standard output carries our JSON lines only.
console.info = console.log = console.warn = () => {};
const { default: Provider } = await import('oidc-provider');

const { port = 0, clients = [], accounts = {}, id_token_claims = false } = JSON.parse(process.argv[2] ?? '{}');
const cookieKeys = [randomBytes(32).toString('hex')];
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

let keys = freshKeys();
let handle = null;

/** One RSA key for RS256, one P-256 key for ES256; a client chooses by `id_token_signed_response_alg`. */
function freshKeys() {
  const jwk = (pair, alg) => ({
    ...pair.privateKey.export({ format: 'jwk' }),
    alg,
    use: 'sig',
    kid: randomBytes(9).toString('base64url'),
  });
  return [
    jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'),
    jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'),
  ];
}

function claimsOf(login) {
  return {
    email: `${login}@example.org`,
    email_verified: true,
    name: `${login} Example`,
    given_name: login,
    family_name: 'Example',
    preferred_username: login,
    groups: ['staff'],
    ...accounts[login],
    sub: accounts[login]?.sub ?? login,
  };
}

/** Sessions, codes and grants: the library's own store would not outlive a rebuild. It checks expiry itself. */
const records = new Map();

class Records {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    records.set(`${this.model}:${id}`, payload);
  }

  async find(id) {
    return records.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    return [...records].find(([key, payload]) => key.startsWith(`${this.model}:`) && payload.uid === uid)?.[1];
  }

  async consume(id) {
    records.get(`${this.model}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of records) if (payload.grantId === grantId) records.delete(key);
  }
}

function build(issuer) {
  const provider = new Provider(issuer, {
    adapter: Records,
    clients,
    jwks: { keys },
    cookies: { keys: cookieKeys },
    pkce: { required: () => true },
    features: { revocation: { enabled: true } },
    conformIdTokenClaims: !id_token_claims,
    scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
      groups: ['groups'],
    },
    findAccount: (_context, login) => ({ accountId: login, claims: () => claimsOf(login) }),
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, IdToken: 3600, Interaction: 3600, Session: 3600 },
  });
  handle = provider.callback();
}

const server = createServer((request, response) => handle(request, response));
server.listen(port, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  build(issuer);
  answer({ issuer, discovery_url: `${issuer}/.well-known/openid-configuration` });

  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const command = JSON.parse(line);
    if (command.client) clients.push(command.client);
    if (command.rotate_keys) keys = freshKeys();
    build(issuer);
    answer({ done: Object.keys(command) });
  });
  lines.on('close', () => process.exit(0));
});
