/**
 * What jose and oauth4webapi, which load as ES modules only, say: a question as JSON on standard input, the answer as JSON on
 * standard output.
 */
import { text } from 'node:stream/consumers'
import { importSPKI, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'

const { assertions, verifiers, base, methods, given } = JSON.parse(await text(process.stdin))

const verify = async ({ jwt, publicKey, algorithm, audience, issuer }) => {
  const key = await importSPKI(publicKey, algorithm)
  const { payload, protectedHeader } = await jwtVerify(jwt, key, { audience, issuer, algorithms: [algorithm] })
  return { payload, header: protectedHeader }
}

const authentications = {
  post: () => oauth.ClientSecretPost(given.secret),
  basic: () => oauth.ClientSecretBasic(given.secret),
  none: () => oauth.None(),
}

/** Each grant that it has a request for, in the order in which ours are sent. */
const send = async (method) => {
  const at = `${base}/theirs/${method}`
  const server = {
    issuer: at,
    token_endpoint: `${at}/token`,
    revocation_endpoint: `${at}/revoke`,
    device_authorization_endpoint: `${at}/device`,
  }
  const client = { client_id: given.id }
  const as = authentications[method]
  const options = { [oauth.allowInsecureRequests]: true }
  const callback = oauth.validateAuthResponse(
    server,
    client,
    new URLSearchParams({ code: given.code, state: 's', iss: at }),
    's',
  )
  await oauth.authorizationCodeGrantRequest(server, client, as(), callback, given.redirectUri, given.verifier, options)
  await oauth.refreshTokenGrantRequest(server, client, as(), given.refreshToken, options)
  await oauth.clientCredentialsGrantRequest(server, client, as(), { scope: given.scope }, options)
  await oauth.genericTokenEndpointRequest(
    server,
    client,
    as(),
    'urn:ietf:params:oauth:grant-type:token-exchange',
    {
      subject_token: given.accessToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: given.scope,
      resource: given.resource,
    },
    options,
  )
  await oauth.genericTokenEndpointRequest(server, client, as(), given.grantType, given.parameters, options)
  await oauth.deviceAuthorizationRequest(server, client, as(), { scope: given.scope }, options)
  await oauth.deviceCodeGrantRequest(server, client, as(), given.deviceCode, options)
  // The reference leaves the hint to its caller (RFC 7009 §2.1).
  const hinted = { ...options, additionalParameters: { token_type_hint: 'access_token' } }
  await oauth.revocationRequest(server, client, as(), given.accessToken, hinted)
}

for (const method of methods) await send(method)

process.stdout.write(
  JSON.stringify({
    verified: await Promise.all(assertions.map(verify)),
    challenges: await Promise.all(verifiers.map((verifier) => oauth.calculatePKCECodeChallenge(verifier))),
  }),
)
