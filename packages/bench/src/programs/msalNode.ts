import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfidentialClientApplication, type NetworkRequestOptions, ProtocolMode } from '@azure/msal-node'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
const AUTHORITY = 'https://as.example/tenant'
const privateKey = createPrivateKey({ key: readFileSync(file), passphrase })
  .export({ type: 'pkcs8', format: 'pem' })
  .toString()
const app = new ConfidentialClientApplication({
  auth: {
    clientId: 'app',
    clientCertificate: { thumbprintSha256: 'a'.repeat(64), privateKey },
    authority: AUTHORITY,
    knownAuthorities: ['as.example'],
    authorityMetadata: JSON.stringify({
      issuer: AUTHORITY,
      authorization_endpoint: `${AUTHORITY}/authorize`,
      token_endpoint: `${AUTHORITY}/token`,
      jwks_uri: `${AUTHORITY}/keys`,
    }),
  },
  system: {
    protocolMode: ProtocolMode.OIDC,
    // It takes https only.
    networkClient: {
      sendGetRequestAsync: () => Promise.reject(new Error('there is nothing to get')),
      sendPostRequestAsync: async <T>(_: string, options?: NetworkRequestOptions) => {
        const response = await fetch(tokenEndpoint, {
          method: 'POST',
          ...(options?.headers !== undefined && { headers: options.headers }),
          ...(options?.body !== undefined && { body: options.body }),
        })
        // biome-ignore lint/nursery/noUnsafeTypeAssertion: what the server answers is of the type that the library asks for.
        const body = (await response.json()) as T
        return { headers: Object.fromEntries(response.headers), body, status: response.status }
      },
    },
  },
})
const token = await app.acquireTokenByClientCredential({ scopes: ['https://api.example/.default'] })
process.stdout.write(String(token?.accessToken), () => process.exit())
