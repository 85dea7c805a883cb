import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import { startSandbox } from '../src/index.js'
import { makeKey } from './key.js'
import { api, ask, post, raw, refresh, said, secrets, sha256, token, withBox } from './support.js'

describe('the API', () => {
  it(
    'answers the owner of a token',
    withBox(async (box) => {
      const { accessToken } = box.issue({ user: '7002' })
      const me = await api(box, '/users/me', accessToken)
      expect(JSON.parse(me.text)).toMatchObject({
        type: 'user',
        id: '7002',
        name: 'Max Managed',
        login: 'max@example.com',
      })
      expect(JSON.parse((await api(box, '/files/456', accessToken)).text)).toMatchObject({ type: 'file', id: '456' })
      const missing = await api(box, '/files/9', accessToken)
      expect(JSON.parse(missing.text)).toEqual({
        type: 'error',
        status: 404,
        code: 'not_found',
        message: 'Not Found',
        request_id: missing.headers['box-request-id'],
        help_url: expect.any(String),
        context_info: null,
      })
      expect((await api(box, '/files/123', box.developerToken())).status).toBe(200)
    }),
  )

  it(
    'challenges everybody else (RFC 6750 §3)',
    withBox(async (box) => {
      const { accessToken, refreshToken } = box.issue()
      const challenge = async (authorization?: string) => {
        const headers = authorization === undefined ? {} : { authorization }
        const answer = await ask(`${box.endpoints.api}/users/me`, { headers })
        return [answer.status, answer.headers['www-authenticate']]
      }
      const invalid =
        'Bearer realm="Service", error="invalid_token", error_description="The access token provided is invalid."'
      expect(await challenge()).toEqual([401, 'Bearer realm="Service"'])
      expect(await challenge(`Bearer ${refreshToken}`)).toEqual([401, invalid])
      expect(await challenge(`Token ${accessToken}`)).toEqual([401, invalid])
      expect(await challenge(`Bearer ${accessToken} x`)).toEqual([401, invalid])
      expect((await challenge(`bearer ${accessToken}`))[0]).toBe(200)
      box.clock.advance(3600 * 1000)
      expect(await challenge(`Bearer ${accessToken}`)).toEqual([401, invalid.replace('is invalid', 'has expired')])
    }),
  )

  it(
    'tells how many bytes it got',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const body = Buffer.alloc(100_000, 'a')
      for (const method of ['PUT', 'POST']) {
        const answer = await api(box, '/files/123', accessToken, { method, body })
        expect(JSON.parse(answer.text).received).toEqual({ bytes: 100_000, sha256: sha256(body) })
      }
    }),
  )

  it(
    'expires all tokens at once when told to',
    withBox(async (box) => {
      const { accessToken, refreshToken } = box.issue()
      box.expireAccessTokens()
      expect((await api(box, '/users/me', accessToken)).status).toBe(401)
      expect((await refresh(box, refreshToken)).status).toBe(200)
    }),
  )
})

describe('the metadata', () => {
  it(
    'are the same at both addresses (RFC 8414), and true',
    withBox(async (box) => {
      const { text } = await ask(box.endpoints.metadata)
      expect((await ask(`${box.url}/.well-known/openid-configuration`)).text).toBe(text)
      const metadata = JSON.parse(text)
      expect(metadata).toMatchObject({
        issuer: box.url,
        authorization_endpoint: box.endpoints.authorize,
        token_endpoint: box.endpoints.token,
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
      })
      for (const grant_type of metadata.grant_types_supported)
        expect(said(await token(box, { grant_type })).error).not.toBe('unsupported_grant_type')
    }),
  )
})

describe('the settings file', () => {
  const key = makeKey()

  it(
    'is what the developer console gives, with a key that its passphrase opens',
    withBox(
      async (box) => {
        const settings = await box.settings({ passphrase: 'open sesame' })
        expect(settings).toEqual({
          boxAppSettings: {
            clientID: box.client.id,
            clientSecret: box.client.secret,
            appAuth: {
              publicKeyID: expect.stringMatching(/^[A-Za-z0-9]{8}$/),
              privateKey: expect.stringMatching(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/),
              passphrase: 'open sesame',
            },
          },
          enterpriseID: '4242',
        })
        const opened = createPrivateKey({ key: settings.boxAppSettings.appAuth.privateKey, passphrase: 'open sesame' })
        const spki = { type: 'spki', format: 'der' } as const
        expect(createPublicKey(opened).export(spki)).toEqual(createPublicKey(key).export(spki))
      },
      { key },
    ),
  )

  it(
    'makes one key per server, when it is first needed',
    withBox(async (box) => {
      const [first, second] = await Promise.all([box.settings({ passphrase: 'a' }), box.settings({ passphrase: 'b' })])
      const open = ({ boxAppSettings: { appAuth } }: typeof first) =>
        createPrivateKey({ key: appAuth.privateKey, passphrase: appAuth.passphrase }).export({
          type: 'pkcs8',
          format: 'pem',
        })
      expect(open(first)).toBe(open(second))
    }),
  )

  it(
    '[P10] makes the same client again, with its secret, its key and its enterprise',
    withBox(
      async (box) => {
        const settings = await box.settings({ passphrase: 'p' })
        const changed = { ...settings, enterpriseID: '77' }
        await withBox(
          async (next) => {
            const again = await next.settings()
            expect(again).toEqual({
              ...changed,
              boxAppSettings: {
                ...settings.boxAppSettings,
                appAuth: { ...settings.boxAppSettings.appAuth, privateKey: expect.any(String) },
              },
            })
            const open = ({ boxAppSettings: { appAuth } }: typeof settings) =>
              createPrivateKey({ key: appAuth.privateKey, passphrase: appAuth.passphrase }).export({
                type: 'pkcs8',
                format: 'pem',
              })
            expect(open(again)).toBe(open(settings))
            const form = { grant_type: 'client_credentials', box_subject_type: 'enterprise', box_subject_id: '77' }
            const { clientID: client_id, clientSecret: client_secret } = settings.boxAppSettings
            expect((await post(next.endpoints.token, { ...form, client_id, client_secret })).status).toBe(200)
          },
          { settings: changed },
        )()
        const wrong = { ...settings.boxAppSettings, appAuth: { ...settings.boxAppSettings.appAuth, passphrase: 'q' } }
        await expect(startSandbox({ settings: { ...settings, boxAppSettings: wrong } })).rejects.toThrow()
      },
      { key, client: { id: 'kept' } },
    ),
  )

  it(
    'is written for its owner only, also over a file that was open',
    withBox(
      async (box) => {
        const folder = await mkdtemp(join(tmpdir(), 'sandbox-'))
        try {
          const path = join(folder, 'config.json')
          await writeFile(path, 'old', { mode: 0o644 })
          await box.writeSettings(path, { passphrase: 'p' })
          expect((await stat(path)).mode & 0o777).toBe(0o600)
          expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ enterpriseID: '4242' })
        } finally {
          await rm(folder, { recursive: true })
        }
      },
      { key },
    ),
  )
})

describe('the record of requests', () => {
  it(
    'has names in order, and no value',
    withBox(async (box) => {
      const { refreshToken, accessToken } = box.issue()
      await post(box.endpoints.token, { grant_type: 'refresh_token', refresh_token: refreshToken, ...secrets(box) })
      await ask(`${box.endpoints.api}/users/me?fields=${accessToken}`, {
        headers: { authorization: `Bearer ${accessToken}` },
      })
      await ask(box.endpoints.token, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: JSON.stringify({ refreshToken }),
      })
      expect(box.requests()).toMatchObject([
        {
          endpoint: 'token',
          method: 'POST',
          path: '/oauth2/token',
          grantType: 'refresh_token',
          parameters: ['grant_type', 'refresh_token', 'client_id', 'client_secret'],
          status: 200,
        },
        { endpoint: 'api', path: '/2.0/users/me', parameters: ['fields'], status: 200 },
        { endpoint: 'token', parameters: ['(other)'], status: 400 },
      ])
      const everything = JSON.stringify([box.requests(), box.counts()])
      for (const secret of [refreshToken, accessToken, box.client.secret]) expect(everything).not.toContain(secret)
      expect(box.counts()).toMatchObject({ byEndpoint: { token: 2, api: 1 }, byGrantType: { refresh_token: 1 } })
    }),
  )
})

describe('the server', () => {
  it(
    'says 404, 405, 413 and 415',
    withBox(async (box) => {
      expect((await ask(`${box.url}/nowhere`)).status).toBe(404)
      expect((await ask(`${box.endpoints.api}/nowhere`)).status).toBe(404)
      const get = await ask(box.endpoints.token)
      expect([get.status, get.headers['allow']]).toEqual([405, 'POST'])
      expect((await ask(box.endpoints.authorize, { method: 'DELETE' })).headers['allow']).toBe('GET, POST')
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      const large = await ask(box.endpoints.token, { method: 'POST', headers: form, body: 'a='.padEnd(65_537, 'a') })
      expect(large.status).toBe(413)
      const fits = await ask(box.endpoints.token, { method: 'POST', headers: form, body: 'a='.padEnd(65_536, 'a') })
      expect(fits.status).toBe(400)
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencodedx'])
        expect(
          (await ask(box.endpoints.token, { method: 'POST', headers: { 'content-type': type }, body: '{}' })).status,
        ).toBe(415)
      expect((await ask(box.endpoints.metadata, { method: 'HEAD' })).status).toBe(200)
    }),
  )

  it(
    '[P10] takes a POST without a body for one without parameters (RFC 6749 §5.2)',
    withBox(async (box) => {
      for (const endpoint of [box.endpoints.token, box.endpoints.revoke, box.endpoints.deviceAuthorization]) {
        for (const headers of [{}, { 'content-type': 'application/json' }] as const) {
          const answer = await ask(endpoint, { method: 'POST', headers })
          expect([endpoint, answer.status, said(answer).error]).toEqual([endpoint, 400, 'invalid_request'])
        }
      }
    }),
  )

  it(
    'refuses a repeated parameter (RFC 6749 §3.2)',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      const form = new URLSearchParams({ ...secrets(box), grant_type: 'refresh_token', refresh_token: refreshToken })
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }
      const twice = { method: 'POST', headers, body: `${form}&refresh_token=${refreshToken}` }
      expect(said(await ask(box.endpoints.token, twice)).error).toBe('invalid_request')
      expect((await ask(box.endpoints.token, { ...twice, body: `${form}` })).status).toBe(200)
    }),
  )

  it('closes twice, and with connections that are kept alive', async () => {
    const box = await startSandbox()
    expect((await fetch(box.endpoints.metadata)).status).toBe(200)
    await box.close()
    await box.close()
    await expect(fetch(box.endpoints.metadata)).rejects.toThrow('fetch failed')
  })

  it('rejects when the port is taken', async () => {
    const box = await startSandbox()
    await expect(startSandbox({ port: Number(new URL(box.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await box.close()
  })

  it('keeps no process alive after close, faults under way included', async () => {
    const program = `
      const { startSandbox } = require(${JSON.stringify(join(__dirname, '..', 'dist', 'cjs', 'index.js'))})
      startSandbox().then(async (box) => {
        box.faults.next({ kind: 'latency', ms: 1e8 })
        box.faults.next({ kind: 'drip', ms: 1e8 })
        box.faults.next({ kind: 'hang-after' })
        const gate = box.gate('metadata', { at: 'before' })
        const hung = [1, 2, 3].map(() => fetch(box.endpoints.metadata).then((a) => a.text()).catch(() => 'ended'))
        await gate.arrivals(3)
        gate.open()
        await box.close()
        console.log((await Promise.all(hung)).join())
      })`
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { timeout: 120_000 })
    expect(stdout).toBe('ended,ended,ended\n')
  })
})

describe('hostile input', () => {
  const names = [
    'grant_type',
    'client_id',
    'client_secret',
    'refresh_token',
    'code',
    'assertion',
    'scope',
    'resource',
    'subject_token',
    'subject_token_type',
    'client_assertion',
    'device_code',
    'token',
    'ticket',
    'user_code',
    'fields',
    'limit',
    'marker',
    'usemarker',
    'sort',
    '__proto__',
    'constructor',
  ]
  const paths = [
    '/api/oauth2/authorize',
    '/oauth2/token',
    '/oauth2/revoke',
    '/oauth2/device_authorization',
    '/activate',
    '/2.0/users/me',
    '/2.0/files/123',
    '/2.0/files/123/content',
    '/2.0/files/content',
    '/2.0/folders/0/items',
    '/download',
    '/.well-known/oauth-authorization-server',
    '/__proto__',
    '/',
  ]
  const value = (known: ReadonlyArray<string>) =>
    fc.oneof(
      fc.constantFrom(...known),
      fc.string({ unit: codePoints, maxLength: 40 }),
      fc.string({ maxLength: 20 }).map((text) => `${text}.${Buffer.from(text).toString('base64url')}.x`),
    )

  it('never gets a 5xx, crashes nothing, and leaks nothing', async () => {
    const box = await startSandbox()
    try {
      const { accessToken, refreshToken } = box.issue({ client: box.publicClient })
      const known = [
        'refresh_token',
        'authorization_code',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:token-type:access_token',
        box.client.id,
        box.publicClient.id,
        refreshToken,
        accessToken,
        `${box.endpoints.api}/files/123`,
      ]
      const form = fc
        .array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 8 })), value(known)), {
          maxLength: 8,
        })
        .map((pairs) => Buffer.from(new URLSearchParams(pairs).toString()))
      const body = fc.oneof(
        { weight: 3, arbitrary: form },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
        { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
      )
      const authorization = fc.option(
        fc.oneof(
          fc.base64String({ maxLength: 40 }).map((text) => `Basic ${text}`),
          fc.constant(`Bearer ${accessToken}`),
          fc.string({ maxLength: 20 }),
        ),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'OPTIONS'),
          fc.constantFrom(...paths),
          form,
          body,
          authorization,
          async (method, path, query, content, credentials) => {
            const answer = await ask(`${box.url}${path}?${query}`, {
              method,
              headers: {
                'content-type': 'application/x-www-form-urlencoded',
                ...(credentials === null ? {} : { authorization: credentials }),
              },
              ...(method === 'GET' ? {} : { body: content }),
            })
            expect(answer.status).toBeLessThan(500)
            expect(answer.headers['date']).toBeDefined()
            expect(answer.text).not.toContain(box.client.secret)
          },
        ),
        { numRuns: 400 },
      )
      expect(box.counts().internalErrors).toBe(0)
    } finally {
      await box.close()
    }
  })

  it('survives bytes that are no HTTP', async () => {
    const box = await startSandbox()
    try {
      const lines = fc.oneof(
        fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
        fc.string({ maxLength: 30 }).map((text) => Buffer.from(`POST ${text} HTTP/1.1\r\nHost: x\r\n\r\n`)),
        fc
          .constantFrom(
            'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc',
            'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
            'GET http://other.example/2.0/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
            'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n',
            'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
            'GET //// HTTP/1.0\r\n\r\n',
          )
          .map((text) => Buffer.from(text)),
      )
      await fc.assert(
        fc.asyncProperty(lines, async (bytes) => {
          expect(await raw(box, bytes)).not.toMatch(/^HTTP\/1\.1 5/)
        }),
        { numRuns: 150 },
      )
      expect((await ask(box.endpoints.metadata)).status).toBe(200)
      expect(box.counts().internalErrors).toBe(0)
    } finally {
      await box.close()
    }
  })
})
