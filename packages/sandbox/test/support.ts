import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/index.js'

/** Runs a test against a sandbox of its own, with a clock that stands still until the test moves it. */
export const withBox =
  (use: (box: Sandbox) => Promise<void>, options: SandboxOptions = {}): (() => Promise<void>) =>
  async () => {
    const box = await startSandbox({ now: () => 1_800_000_000_000, ...options })
    try {
      await use(box)
      expect(box.counts().internalErrors).toBe(0)
    } finally {
      await box.close()
    }
  }

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly text: string
}

export interface Options {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** One request on a connection of its own, no redirects followed. */
export const ask = (address: string, options: Options = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const asked = request(address, { method, headers, agent: false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })

export type Parameters = Readonly<Record<string, string>>

export const post = (address: string, form: Parameters, headers: Parameters = {}): Promise<Reply> =>
  ask(address, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  })

/** What a token endpoint says, as far as the tests look at it. */
export interface Said {
  readonly error?: string
  readonly error_description?: string
  readonly access_token?: string
  readonly refresh_token?: string
  readonly expires_in?: number
  readonly [other: string]: unknown
}

export const said = (reply: Reply): Said => JSON.parse(reply.text)

export const secrets = (box: Sandbox): { readonly client_id: string; readonly client_secret: string } => ({
  client_id: box.client.id,
  client_secret: box.client.secret,
})

/** A token request of the confidential client. */
export const token = (box: Sandbox, form: Parameters): Promise<Reply> =>
  post(box.endpoints.token, { ...secrets(box), ...form })

export const refresh = (box: Sandbox, refresh_token: string): Promise<Reply> =>
  token(box, { grant_type: 'refresh_token', refresh_token })

export const api = (box: Sandbox, path: string, accessToken: string, options: Options = {}): Promise<Reply> =>
  ask(`${box.endpoints.api}${path}`, {
    ...options,
    headers: { authorization: `Bearer ${accessToken}`, ...options.headers },
  })

export const authorizeUrl = (box: Sandbox, parameters: Parameters = {}): string =>
  `${box.endpoints.authorize}?${new URLSearchParams({ response_type: 'code', client_id: box.client.id, ...parameters })}`

export const codeOf = (callback: string): string => new URL(callback).searchParams.get('code') ?? ''

/** RFC 7636, appendix B. */
export const pkce = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const signJwt = (key: KeyObject, header: Parameters, claims: unknown): string => {
  const signed = `${base64url(header)}.${base64url(claims)}`
  const hash = `RSA-SHA${(header['alg'] ?? '').slice(2)}`
  return `${signed}.${sign(hash, Buffer.from(signed), key).toString('base64url')}`
}

/** The key and id of the settings file, opened with its passphrase. */
export const signer = async (box: Sandbox): Promise<{ readonly kid: string; readonly key: KeyObject }> => {
  const { appAuth } = (await box.settings()).boxAppSettings
  return {
    kid: appAuth.publicKeyID,
    key: createPrivateKey({ key: appAuth.privateKey, passphrase: appAuth.passphrase }),
  }
}

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex')

/** Sends raw bytes, and gives back whatever comes until the connection ends. */
export const raw = (box: Sandbox, data: string | Buffer): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(box.url)
    const chunks: Array<Buffer> = []
    const socket = connect(Number(port), hostname, () => socket.end(data))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
