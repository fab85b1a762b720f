// The app: `openid-client`, a certified relying-party library, against the gateway.
//
// Each command takes one JSON argument and prints one JSON line; a failure prints {"error", "code", "cause"} and exits 1.
//   discover {issuer}                                               → the metadata that the library accepted
//   start    {issuer, client_id, redirect_uri, scope?, parameters?} → {url, code_verifier, state, nonce}
//   finish   {issuer, client_id, client_secret?, callback_url, code_verifier, state, nonce}
//                                                                   → {tokens, claims, userinfo}
//   refresh  {issuer, client_id, client_secret?, refresh_token}     → {tokens, claims}
//   revoke   {issuer, client_id, client_secret?, token}             → {}
// The library checks what it always checks: issuer, signature by the published key, audience, times, nonce, state, PKCE,
// RFC 9207 `iss` when announced, at_hash, and that userinfo names the same subject. Plain HTTP is allowed, since the
// gateway under test listens on loopback; nothing else is relaxed.

import * as client from 'openid-client';

const [command, argument] = process.argv.slice(2);
const input = JSON.parse(argument);

async function configuration() {
  const authentication = input.client_secret ? client.ClientSecretBasic(input.client_secret) : client.None();
  const configured = await client.discovery(new URL(input.issuer), input.client_id ?? 'discovery', {}, authentication, {
    execute: [client.allowInsecureRequests],
  });
  client.allowInsecureRequests(configured);
  // Signatures are checked although the tokens came straight from the token endpoint.
  client.enableNonRepudiationChecks(configured);
  return configured;
}

const commands = {
  async discover() {
    return (await configuration()).serverMetadata();
  },

  async start() {
    const configured = await configuration();
    const code_verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    const url = client.buildAuthorizationUrl(configured, {
      redirect_uri: input.redirect_uri,
      scope: input.scope ?? 'openid email profile',
      code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...input.parameters,
    });
    return { url: url.href, code_verifier, state, nonce };
  },

  async finish() {
    const configured = await configuration();
    const tokens = await client.authorizationCodeGrant(configured, new URL(input.callback_url), {
      pkceCodeVerifier: input.code_verifier,
      expectedState: input.state,
      expectedNonce: input.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    const userinfo = await client.fetchUserInfo(configured, tokens.access_token, claims.sub);
    return { tokens, claims, userinfo };
  },

  async refresh() {
    const tokens = await client.refreshTokenGrant(await configuration(), input.refresh_token);
    return { tokens, claims: tokens.claims() };
  },

  async revoke() {
    await client.tokenRevocation(await configuration(), input.token);
    return {};
  },
};

try {
  console.log(JSON.stringify(await commands[command]()));
} catch (error) {
  const cause = error.cause instanceof Error ? error.cause.message : error.cause;
  console.log(JSON.stringify({ error: error.error ?? error.message, code: error.code, cause }));
  process.exitCode = 1;
}
