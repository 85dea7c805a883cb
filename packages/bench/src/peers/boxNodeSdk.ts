import { BoxCcgAuth, BoxJwtAuth, BoxOAuth, CcgConfig, JwtConfig, OAuthConfig } from 'box-node-sdk'
import { BaseUrls } from 'box-node-sdk/networking/baseUrls'
import { NetworkSession } from 'box-node-sdk/networking/network'
import { type Endpoints, FIRST_REFRESH_TOKEN } from '../server/TokenServer.js'
import type { Peer, SigningKey } from './Peer.js'

const CLIENT = { clientId: 'app', clientSecret: 's3cret' }

const networkOf = ({ base }: Endpoints): NetworkSession =>
  new NetworkSession({ baseUrls: new BaseUrls({ baseUrl: base, oauth2Url: base, uploadUrl: base }) })

const ccg = () => new BoxCcgAuth({ config: new CcgConfig({ ...CLIENT, enterpriseId: '42' }) })

const jwt = ({ encrypted, passphrase }: SigningKey) =>
  new BoxJwtAuth({
    config: new JwtConfig({
      ...CLIENT,
      jwtKeyId: 'k1',
      privateKey: encrypted,
      privateKeyPassphrase: passphrase,
      enterpriseId: '42',
    }),
  })

/** A client that gets an answer at once, so that a renewal is its assertion. */
const offline = new NetworkSession({
  networkClient: {
    fetch: async () => ({
      status: 200,
      headers: {},
      data: { access_token: 'a', expires_in: 3600, token_type: 'bearer' },
    }),
  },
})

/** It never looks at the expiry: its client renews after a 401, by `refreshToken`, and so does each caller here. */
export const boxNodeSdk: Peer = {
  name: 'box-node-sdk',
  package: 'box-node-sdk',
  isCrowd: true,
  cached: async (session) => {
    const auth = ccg()
    const network = networkOf(session)
    return () => auth.retrieveToken(network)
  },
  expired: async (session) => {
    const auth = new BoxOAuth({ config: new OAuthConfig(CLIENT) })
    await auth.tokenStorage.store({ accessToken: 'old', refreshToken: FIRST_REFRESH_TOKEN, expiresIn: 0 })
    const network = networkOf(session)
    return () => auth.refreshToken(network)
  },
  signing: async (key) => {
    const auth = jwt(key)
    return () => auth.refreshToken(offline)
  },
  renewing: async (session) => {
    const auth = ccg()
    const network = networkOf(session)
    return () => auth.refreshToken(network)
  },
}

/** The same with JWT, where the renewal signs an assertion: only in row B1. */
export const boxNodeSdkJwt = (key: SigningKey): Peer => ({
  name: 'box-node-sdk, JWT',
  package: 'box-node-sdk',
  isCrowd: true,
  doesNotRotate: true,
  expired: async (session) => {
    const auth = jwt(key)
    const network = networkOf(session)
    return () => auth.retrieveToken(network)
  },
})
