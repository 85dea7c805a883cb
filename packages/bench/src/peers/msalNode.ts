import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  ProtocolMode,
} from '@azure/msal-node'
import type { Endpoints } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

const AUTHORITY = 'https://as.example/tenant'
const REQUEST = { scopes: ['https://api.example/.default'] }

const METADATA = JSON.stringify({
  issuer: AUTHORITY,
  authorization_endpoint: `${AUTHORITY}/authorize`,
  token_endpoint: `${AUTHORITY}/token`,
  jwks_uri: `${AUTHORITY}/keys`,
})

/** It takes https only: its custom network client, over `fetch`, posts to the loopback instead. */
const redirected = (url: string): INetworkModule => ({
  sendGetRequestAsync: () => Promise.reject(new Error('there is nothing to get')),
  sendPostRequestAsync: async <T>(_: string, options?: NetworkRequestOptions) => {
    const response = await fetch(url, {
      method: 'POST',
      ...(options?.headers !== undefined && { headers: options.headers }),
      ...(options?.body !== undefined && { body: options.body }),
    })
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: what the server answers is of the type that the library asks for.
    const body = (await response.json()) as T
    return { headers: Object.fromEntries(response.headers), body, status: response.status }
  },
})

const appOf = (session: Endpoints): ConfidentialClientApplication =>
  new ConfidentialClientApplication({
    auth: {
      clientId: 'app',
      clientSecret: 's3cret',
      authority: AUTHORITY,
      knownAuthorities: ['as.example'],
      authorityMetadata: METADATA,
    },
    system: { networkClient: redirected(session.tokenEndpoint), protocolMode: ProtocolMode.OIDC },
  })

/** It signs an assertion once and keeps it, and keeps its refresh tokens to itself: no row C, no row B2. */
export const msalNode: Peer = {
  name: '@azure/msal-node',
  package: '@azure/msal-node',
  isCrowd: true,
  doesNotRotate: true,
  cached: async (session) => {
    const app = appOf(session)
    await app.acquireTokenByClientCredential(REQUEST)
    return () => app.acquireTokenByClientCredential(REQUEST)
  },
  expired: async (session) => {
    const app = appOf(session)
    return () => app.acquireTokenByClientCredential(REQUEST)
  },
  renewing: async (session) => {
    const app = appOf(session)
    return () => app.acquireTokenByClientCredential({ ...REQUEST, skipCache: true })
  },
}
