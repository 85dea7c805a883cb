/**
 * I4 of the project's invariants: no secret in any sink. Every secret is a canary that is searched for in every form, in
 * whatever comes out of every failure path; and the search is proved by leaks on purpose.
 */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import * as Box from '@tessera/box'
import {
  AuthError,
  CellCodec,
  encrypted,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  type Next,
  pairCallbackStore,
  plus,
  prompt,
  recordCallbackStore,
  remoteCallback,
  Secret,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
  type Tokens,
} from '@tessera/core'
import {
  accessToken,
  authenticated,
  authenticatedFetch,
  externalSigner,
  nodeEnv,
  readJson,
  signer,
  terminalPrompt,
  verifyJwt,
} from '@tessera/node'
import {
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  callbackResponse,
  clientCredentials,
  deviceAuthorization,
  deviceCodeGrant,
  discovery,
  extensionGrant,
  jwtAssertion,
  refreshToken,
  revocation,
  tokenExchange,
  tokenRequest,
} from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Agent, request } from 'undici'
import { listening } from '../../src/servers/httpServer.js'
import { movableClock } from '../support/clock.js'
import { right } from '../support/either.js'
import { type Canary, canary, FORMS, textCanary } from './leaks/canary.js'
import { type Evidence, type Leak, leaksIn, makeEvidence, type Origin } from './leaks/evidence.js'
import { type EvilServer, PLACES, startEvilServer } from './leaks/evilServer.js'
import { SINK_NAMES } from './leaks/sinks.js'

// -----------------------------------------------------------------------------
// the secrets
// -----------------------------------------------------------------------------

const secrets = {
  access: canary('access token'),
  refresh: canary('refresh token', '/+=~ \'"&<'),
  client: textCanary('client secret'),
  code: canary('authorization code', '/+=~ %&'),
  verifier: canary('verifier', '-._~'),
  state: canary('state', '-._~/+='),
  passphrase: textCanary('passphrase'),
  device: canary('device code'),
  proxy: canary('proxy password', '-._~'),
  thrown: textCanary('text that was thrown'),
  typed: canary('typed developer token'),
  actor: canary('actor token'),
  parameter: textCanary("extension grant's parameter"),
  member: textCanary("unknown member of a server's answer"),
}
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: secrets.passphrase.value })
  .toString()
const plainPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const linesOf = (name: string, text: string): ReadonlyArray<Canary> =>
  text
    .split('\n')
    // The first lines of every key of a kind are the same.
    .slice(3, -2)
    .map((value) => ({ name, value }))

const all: ReadonlyArray<Canary> = [
  ...Object.values(secrets),
  ...linesOf('private key, encrypted', pem),
  ...linesOf('private key', plainPem),
]

const secretOf = <Kind extends string>(kind: Kind, { value }: Canary): Secret<Kind> => Secret.make(kind, value)
const tokenSet = TokenSet.make(secretOf('AccessToken', secrets.access), {
  refreshToken: O.some(secretOf('RefreshToken', secrets.refresh)),
  members: new Map([['id_token', Secret.make('Member', JSON.stringify(secrets.member.value))]]),
})
const rs256 = signer({ key: secretOf('PrivateKey', { name: '', value: pem }), passphrase: secrets.passphrase.value })

const env = nodeEnv()
let evil: EvilServer
let evidence: Evidence
let folder: string

const WRITES = ['stdout', 'stderr'] as const
const CONSOLE = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const

beforeAll(async () => {
  evil = await startEvilServer()
  folder = mkdtempSync(join(tmpdir(), 'tessera-leaks-'))
})
afterAll(async () => {
  await env.close()
  await evil.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  evidence = makeEvidence(all)
  for (const stream of WRITES) {
    jest.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      evidence.write(stream, String(chunk))
      return true
    })
  }
  for (const method of CONSOLE) {
    jest.spyOn(console, method).mockImplementation((...args) => evidence.add('stderr', ...args))
  }
})
afterEach(() => {
  jest.restoreAllMocks()
})

/** Nothing was found, in something; but for what is meant to be there. */
const expectNoLeak = (atLeast: number, isMeant: (leak: Leak) => boolean = () => false): void => {
  expect(evidence.values.length).toBeGreaterThanOrEqual(atLeast)
  expect(
    leaksIn(evidence)
      .filter((leak) => !isMeant(leak))
      .slice(0, 20),
  ).toEqual([])
}

const limits = () => ({ deadline: plus(env.clock.now(), seconds(10)), signal: new AbortController().signal })
const attempt = (previous: O.Option<TokenSet> = O.none) => ({ ...limits(), previous })

// -----------------------------------------------------------------------------
// the search itself
// -----------------------------------------------------------------------------

describe('the search', () => {
  const one = canary('planted')
  const planted: Readonly<Record<string, (text: string) => unknown>> = {
    message: (text) => new Error(text),
    stack: (text) => Object.assign(new Error('fine'), { stack: `Error: fine\n at ${text}` }),
    cause: (text) => new Error('fine', { cause: new TypeError('fine', { cause: new Error(text) }) }),
    inspect: (text) => Object.create(null, { hidden: { value: text } }),
    'JSON.stringify': (text) => ({ toJSON: () => text }),
    template: (text) => ({ toString: () => text }),
    'console.log': (text) => ({ nested: [{ token: text }] }),
    URL: (text) => ({ answer: { url: `https://as.example/?token=${text}` } }),
  }

  test.each(SINK_NAMES)('finds a leak in %s, and in no sink that does not have it', (sink) => {
    const found = makeEvidence([one])
    found.add('error', planted[sink]?.(one.value))
    const hits = leaksIn(found)
    expect(hits).toContainEqual({ run: '', origin: 'error', sink, secret: 'planted', form: 'raw' })
    const clean = makeEvidence([one])
    clean.add('error', planted[sink]?.('nothing'))
    expect(leaksIn(clean)).toEqual([])
  })

  test.each(Object.entries(FORMS))('finds a secret in the form %s, and half of it', (_form, encode) => {
    const found = makeEvidence([one])
    const encoded = encode(one.value)
    found.write('stdout', `"${encoded}"`)
    found.write('stderr', `"${encoded.slice(encoded.length / 2)}"`)
    const origins = leaksIn(found).map(({ origin }) => origin)
    expect(origins).toEqual(expect.arrayContaining(['stdout', 'stderr']))
  })

  test('finds a secret in the middle of a text in base64', () => {
    for (const before of ['', 'a', 'ab', 'client:']) {
      const found = makeEvidence([one])
      found.write('argv', Buffer.from(`${before}${one.value} and more`).toString('base64'))
      expect(leaksIn(found)).not.toEqual([])
    }
  })

  const origins: ReadonlyArray<Origin> = ['error', 'rejection', 'event', 'token', 'source', 'client', 'config', 'env']
  test.each(origins)('finds a leak in a value of the origin %s', (origin) => {
    const found = makeEvidence([one])
    found.add(origin, { deep: { inside: one.value } })
    expect(leaksIn(found).map((leak) => leak.origin)).toContain(origin)
  })

  test('finds what a careless strategy lets through a source: error, event and rejection', async () => {
    const careless: Strategy<unknown> = () => () => TE.left(AuthError.unreachable('x', `with ${secrets.access.value}`))
    const source = pipe(careless, TokenSource.make({ store: memoryStore(), observe: evidence.observe }))(env)()
    await evidence.task(source.get)
    await evidence.attempt(() => accessToken(source))
    const found = leaksIn(evidence)
    expect(new Set(found.map(({ origin }) => origin))).toEqual(new Set(['error', 'event', 'rejection']))
    expect(new Set(found.map(({ sink }) => sink))).toEqual(
      new Set(['message', 'stack', 'inspect', 'JSON.stringify', 'template', 'console.log']),
    )
  })

  test('finds what is written letter by letter', () => {
    for (const char of secrets.typed.value) evidence.write('terminal', char)
    expect(leaksIn(evidence).map(({ origin }) => origin)).toContain('terminal')
  })

  test('finds what is printed', () => {
    console.error('oh:', secrets.access.value)
    process.stdout.write(secrets.client.value)
    process.stderr.write(secrets.client.value)
    expect(leaksIn(evidence).map(({ origin }) => origin)).toEqual(expect.arrayContaining(['stdout', 'stderr']))
  })
})

// -----------------------------------------------------------------------------
// a server that echoes
// -----------------------------------------------------------------------------

const serverAt = (url: string) => ({
  tokenEndpoint: url,
  revocationEndpoint: url,
  authorizationEndpoint: url,
  deviceAuthorizationEndpoint: url,
})
const clientSecret = () => secretOf('ClientSecret', secrets.client)
const clientsAt = (url: string) => ({
  post: Client.make({ id: 'app', authentication: ClientAuthentication.post(clientSecret()), ...serverAt(url) }),
  basic: Client.make({ id: 'app', authentication: ClientAuthentication.basic(clientSecret()), ...serverAt(url) }),
  key: Client.make({ id: 'app', authentication: ClientAuthentication.privateKeyJwt(rs256), ...serverAt(url) }),
  none: Client.make({ id: 'app', ...serverAt(url) }),
})

/** Every request of the package that carries a secret. */
const requestsAt = (url: string): Readonly<Record<string, TaskEither<AuthError, unknown>>> => {
  const { post, basic, key, none } = clientsAt(url)
  const code = {
    code: secretOf('AuthorizationCode', secrets.code),
    verifier: secretOf('CodeVerifier', secrets.verifier),
    redirectUri: 'http://127.0.0.1:1/callback',
  }
  const actor = { token: secretOf('ActorToken', secrets.actor), type: 'urn:ietf:params:oauth:token-type:id_token' }
  return {
    'authorization code': authorizationCode({ client: post, ...code })(attempt())(env),
    'authorization code, basic': authorizationCode({ client: basic, ...code })(attempt())(env),
    'authorization code, public': authorizationCode({ client: none, ...code })(attempt())(env),
    'refresh token': refreshToken({ client: post })(attempt(O.some(tokenSet)))(env),
    'JWT assertion': jwtAssertion({ client: post, signer: rs256, subject: { sub: '42' } })(attempt())(env),
    'client credentials': clientCredentials({ client: basic })(attempt())(env),
    'client credentials, private_key_jwt': clientCredentials({ client: key })(attempt())(env),
    'device authorization': deviceAuthorization({ client: post })(limits())(env),
    'device code': tokenRequest({ client: basic })(
      deviceCodeGrant({ deviceCode: secretOf('DeviceCode', secrets.device) }),
    )(limits())(env),
    'token exchange': tokenExchange({ client: post, actor })(tokenSet, { scope: ['item_read'] })(attempt())(env),
    'extension grant': extensionGrant({
      client: post,
      grantType: 'urn:example:grant',
      parameters: { ticket: secretOf('Ticket', secrets.parameter) },
    })(attempt())(env),
    revocation: revocation({ client: post })(tokenSet)(limits())(env),
    'revocation, basic': revocation({ client: basic, token: 'refresh' })(tokenSet)(limits())(env),
    discovery: discovery({ issuer: url })(env),
  }
}

const runs = [
  ...Object.keys(PLACES).map((place) => ({ place, form: 'raw' })),
  ...Object.keys(FORMS).flatMap((form) =>
    ['error_description', "Box's error", 'headers'].map((place) => ({ place, form })),
  ),
]

describe('a server that answers with what it was sent', () => {
  test.each(runs)('$place, $form', async ({ place, form }) => {
    const before = evil.requests()
    const tasks = Object.entries(requestsAt(evil.at(place, form)))
    for (const [name, task] of tasks) {
      evidence.start(name)
      await evidence.task(task)
    }
    expect(evil.requests() - before).toBeGreaterThanOrEqual(tasks.length)
    evidence.secrets.push(...evil.received())
    expectNoLeak(tasks.length)
  })

  test('it was sent every secret, and more than we gave', () => {
    const names = new Set(evil.received().map(({ name }) => name))
    expect([...names]).toEqual(
      expect.arrayContaining(
        [
          'code',
          'code_verifier',
          'client_secret',
          'basic credentials',
          'refresh_token',
          'assertion',
          'client_assertion',
          'device_code',
          'subject_token',
          'actor_token',
          'ticket',
          'token',
        ].map((name) => `received ${name}`),
      ),
    )
  })

  test('through a source: its errors, its events, its rejections', async () => {
    for (const place of Object.keys(PLACES)) {
      const { post } = clientsAt(evil.at(place, 'raw'))
      evidence.start(place)
      const clock = movableClock()
      const source = pipe(
        refreshToken({ client: post }),
        TokenSource.make({
          store: memoryStore(),
          initial: { ...tokenSet, expiresAt: O.some(env.clock.now()) },
          revocation: revocation({ client: post }),
          observe: evidence.observe,
        }),
      )({ ...env, clock })()
      await evidence.task(source.get)
      // Whatever is waited for is over.
      clock.advance(minutes(2))
      await evidence.attempt(() => accessToken(source))
      await evidence.task(source.revoke)
      await evidence.task(source.inspect)
      evidence.add('source', source, source.within({}), source.peek())
    }
    evidence.secrets.push(...evil.received())
    const events = evidence.values.filter(({ origin }) => origin === 'event')
    expect(events.length).toBeGreaterThan(Object.keys(PLACES).length)
    expectNoLeak(100)
  })
})

// -----------------------------------------------------------------------------
// the callback
// -----------------------------------------------------------------------------

test('callbacks that lie, in every parameter', async () => {
  const { none } = clientsAt('https://as.example/token')
  const begin = () =>
    right(
      authorizationRequest({
        client: {
          ...none,
          server: { ...none.server, issuer: O.some('https://as.example'), issParameterSupported: true },
        },
        state: secretOf('State', secrets.state),
      })(env)(),
    )
  const { code, state } = secrets
  const callbacks = Object.entries(FORMS).flatMap(([, encode]) => {
    const echo = `${encode(code.value)} ${encode(state.value)}`
    const at = (parameters: Record<string, string>) => `http://127.0.0.1:1/callback?${new URLSearchParams(parameters)}`
    const good = { state: state.value, iss: 'https://as.example' }
    return [
      at({ ...good, state: echo, code: code.value }),
      at({ ...good, iss: echo, code: code.value }),
      at({ ...good, error: encode(state.value), error_description: encode(state.value), code: code.value }),
      at({ ...good, code: `${code.value}\u00e9` }),
      `${at({ ...good, code: code.value })}&code=${encodeURIComponent(code.value)}`,
      `${at({ ...good, code: code.value })}&state=${encodeURIComponent(state.value)}`,
    ]
  })
  for (const url of callbacks) {
    const transaction = begin()
    await evidence.task(async () => callbackResponse(transaction)(url))
    await evidence.task(async () => callback(transaction)(url)())
    const { url: _forTheBrowser, ...rest } = transaction
    evidence.add('config', rest)
    const { verifier } = transaction
    if (verifier !== undefined) evidence.secrets.push({ name: 'drawn verifier', value: Secret.open(verifier) })
  }
  const good = begin()
  const url = `http://127.0.0.1:1/callback?${new URLSearchParams({ state: state.value, iss: 'https://as.example', code: code.value })}`
  await evidence.task(async () => callback(good)(url)())
  await evidence.task(async () => callback(good)(url)())
  expectNoLeak(callbacks.length * 2)
})

// -----------------------------------------------------------------------------
// the application's own callbacks
// -----------------------------------------------------------------------------

const thrower = (): never => {
  throw Object.assign(new Error(`failed with ${secrets.thrown.value}`), {
    cause: new Error(secrets.thrown.value),
    token: secrets.thrown.value,
  })
}
const record = Secret.open(CellCodec.encode({ ...Lifecycle.empty, generation: 1, token: O.some(tokenSet) }))

test('callbacks that throw a secret', async () => {
  const stores = {
    retrieve: pairCallbackStore({ retrieve: thrower, store: () => undefined }),
    store: pairCallbackStore({ retrieve: () => null, store: thrower }),
    exclusive: pairCallbackStore({ retrieve: () => null, store: () => undefined, exclusive: thrower }),
    load: recordCallbackStore({ load: async () => thrower(), compareAndSwap: async () => true }),
    compareAndSwap: recordCallbackStore({ load: async () => null, compareAndSwap: async () => thrower() }),
  }
  for (const [name, store] of Object.entries(stores)) {
    evidence.start(name)
    const clock = movableClock()
    const source = pipe(
      remoteCallback(() => secrets.access.value),
      TokenSource.make({ store, observe: evidence.observe }),
    )({ ...env, clock })()
    const got = evidence.task(source.get)
    // A write that fails is tried again until the deadline.
    clock.advance(minutes(2))
    await got
    await evidence.task(source.inspect)
    await source.settled()
    evidence.add('source', source, store)
  }
  const strategies: Readonly<Record<string, Strategy<typeof env>>> = {
    remote: remoteCallback(thrower),
    'remote, rejecting': remoteCallback(async () => thrower()),
    'remote, with rubbish': remoteCallback(() => ({ accessToken: secrets.access.value, expiresAt: Number.NaN })),
    'remote, with an empty token': remoteCallback(() => ({ accessToken: '' })),
    'a strategy that throws': thrower,
    'a strategy that throws late': () => () => async () => thrower(),
    'an external signer': jwtAssertion({
      client: clientsAt('https://as.example/token').post,
      signer: externalSigner({ algorithm: 'RS256', sign: thrower }),
      subject: { sub: '42' },
    }),
    'a subject that is chosen': () => () => TE.left(AuthError.misconfigured('subject', 'none')),
    'a prompt': pipe(
      prompt({ message: 'Token: ' }),
      Strategy.local((live) => ({ ...live, prompt: { ask: () => async () => thrower() } })),
    ),
  }
  for (const [name, strategy] of Object.entries(strategies)) {
    evidence.start(name)
    const source = pipe(strategy, TokenSource.make({ store: memoryStore(), observe: evidence.observe }))(env)()
    await evidence.task(source.get)
    await evidence.task(source.login(strategy)(env))
    await evidence.task(source.close())
  }
  evidence.start('an observer')
  const observed = pipe(
    remoteCallback(() => secrets.access.value),
    TokenSource.make({ store: memoryStore(), observe: thrower }),
  )(env)()
  await evidence.task(observed.get)
  evidence.start('a revoker')
  const revoking = pipe(
    remoteCallback(() => secrets.access.value),
    TokenSource.make({ store: memoryStore(), revocation: () => thrower, observe: evidence.observe }),
  )(env)()
  await evidence.task(revoking.get)
  await evidence.task(revoking.revoke)
  // What the application threw is its own, and is the `cause` at promise edges: there, and in no error, event or source.
  const isCause = (leak: Leak): boolean => leak.secret === secrets.thrown.name && leak.origin === 'rejection'
  expectNoLeak(40, isCause)
  expect(leaksIn(evidence).some(isCause)).toBe(true)
})

test('what user code throws may quote what it was given', async () => {
  let asked: () => void = () => undefined
  const quoting = (...given: ReadonlyArray<unknown>): never => {
    asked()
    const text = JSON.stringify(given)
    throw Object.assign(new Error(`insert into tokens values (${text})`), {
      parameters: given,
      cause: new TypeError(text),
      bytes: Buffer.from(text),
    })
  }
  const opened = (token: TokenSet): ReadonlyArray<string> => [
    Secret.open(token.accessToken),
    ...(O.isSome(token.refreshToken) ? [Secret.open(token.refreshToken.value)] : []),
  ]
  const token = TokenSet.make(Secret.make('AccessToken', secrets.access.value), {
    refreshToken: O.some(Secret.make('RefreshToken', secrets.refresh.value)),
    expiresAt: O.some(plus(env.clock.now(), minutes(-1))),
  })
  const stores = {
    'compareAndSwap quotes the record': recordCallbackStore({ load: async () => null, compareAndSwap: quoting }),
    'store quotes the pair': pairCallbackStore({ retrieve: () => null, store: quoting }),
    'a cipher quotes the record': encrypted({
      seal: (plaintext) => () => quoting(Secret.open(plaintext)),
      open: () => quoting(),
    })(memoryStore()),
    'a store quotes the record': {
      ...memoryStore(),
      compareAndSet: (_: string, __: string, next: Next) => quoting(next.version, Secret.open(next.record)),
    },
  }
  for (const [name, store] of Object.entries(stores)) {
    evidence.start(name)
    const clock = movableClock()
    const source = pipe(
      remoteCallback(() => 'another'),
      TokenSource.make({ store, observe: evidence.observe }),
    )({ ...env, clock })()
    // A write that fails is tried again until the deadline.
    asked = () => clock.advance(minutes(2))
    const adopted = evidence.task(source.adopt(token))
    expect(await adopted).toMatchObject({ left: { reason: expect.stringContaining('threw') } })
  }
  evidence.start('a strategy quotes the token before')
  const renewing: Strategy<unknown> = Strategy.make({ needsRefreshToken: true }, ({ previous }) => () => () => {
    return quoting(O.isSome(previous) ? opened(previous.value) : [])
  })
  const source = pipe(
    renewing,
    TokenSource.make({ store: memoryStore(), initial: token, observe: evidence.observe }),
  )(env)()
  expect(E.isLeft(await evidence.task(source.get))).toBe(true)
  evidence.start('keyOf quotes the token')
  const keyed = TokenSource.keyed({ store: memoryStore(), observe: evidence.observe })(() => renewing)(env)()
  await evidence.task(
    keyed.login(
      () => () => TE.right(token),
      (given) => quoting(opened(given)),
    )({}),
  )
  evidence.start('a remote callback quotes the token before')
  const remote = pipe(
    remoteCallback(({ previous }) => quoting(O.isSome(previous) ? opened(previous.value) : [])),
    TokenSource.make({ store: memoryStore(), initial: token, observe: evidence.observe }),
  )(env)()
  await evidence.task(remote.get)
  expectNoLeak(12)
})

test('records that cannot be read', async () => {
  const records = {
    'not JSON': `${record.slice(0, -1)}`,
    'a token': secrets.access.value,
    'a wrong version': record.replace('"v":1', '"v":2'),
    'a wrong generation': record.replace('"generation":1', `"generation":"${secrets.access.value}"`),
    'a wrong token': JSON.stringify({ v: 1, epoch: 0, generation: 1, token: [secrets.access.value] }),
    'a wrong access token': JSON.stringify({
      v: 1,
      epoch: 0,
      generation: 1,
      token: { v: 1, access_token: { [secrets.access.value]: secrets.access.value } },
    }),
    'a wrong verdict': JSON.stringify({ v: 1, epoch: 0, generation: 1, verdict: { tag: { x: secrets.access.value } } }),
    'a wrong lease': JSON.stringify({ v: 1, epoch: 0, generation: 1, intent: { nonce: { x: secrets.access.value } } }),
  }
  for (const [name, text] of Object.entries(records)) {
    evidence.start(name)
    const store = recordCallbackStore({
      load: async () => ({ version: 'v', record: text }),
      compareAndSwap: async () => false,
    })
    const source = pipe(
      remoteCallback(() => secrets.access.value),
      TokenSource.make({ store, observe: evidence.observe }),
    )(env)()
    expect(E.isLeft(await evidence.task(source.get))).toBe(true)
    await evidence.task(source.inspect)
    await evidence.task(store.get('default'))
  }
  expectNoLeak(Object.keys(records).length * 3)
})

// -----------------------------------------------------------------------------
// connections
// -----------------------------------------------------------------------------

test('proxies and TLS that fail', async () => {
  const ignoreErrors = (socket: net.Socket) => void socket.on('error', () => undefined)
  const seen: string[] = []
  const refusing = http.createServer().on('connection', ignoreErrors)
  refusing.on('connect', (asked: http.IncomingMessage, socket: net.Socket) => {
    const credentials = String(asked.headers['proxy-authorization'])
    seen.push(credentials)
    socket.end(`HTTP/1.1 407 ${credentials}\r\nproxy-authenticate: ${credentials}\r\ncontent-length: 0\r\n\r\n`)
  })
  const echoing = net.createServer(ignoreErrors).on('connection', (socket) => {
    socket.on('data', (data) => socket.end(data))
  })
  const [proxy, rude, closed] = [
    await listening(refusing),
    await listening(echoing),
    await listening(net.createServer()),
  ]
  await closed.close()
  const userinfo = `user:${encodeURIComponent(secrets.proxy.value)}@`

  const options = {
    'a proxy that refuses': { proxy: `http://${userinfo}127.0.0.1:${proxy.port}` },
    'a proxy that echoes': { proxy: Secret.make('Proxy', `http://${userinfo}127.0.0.1:${rude.port}`) },
    'a proxy that is not there': { proxy: `http://${userinfo}127.0.0.1:${closed.port}` },
    'a proxy that speaks no TLS': { proxy: `https://${userinfo}127.0.0.1:${rude.port}` },
    'a proxy of another kind': { proxy: `socks5://${userinfo}127.0.0.1:1` },
    'a proxy that is no URL': { proxy: `${userinfo}127.0.0.1:port` },
    'a proxy with a broken escape': { proxy: `http://user:%zz${secrets.proxy.value}@127.0.0.1:1` },
    'a server that speaks no TLS': {},
    'a client key that does not open': { tls: { key: pem, cert: plainPem, passphrase: 'wrong' } },
    'a client key that is rubbish': { tls: { key: secrets.passphrase.value, cert: secrets.passphrase.value } },
    'an authority that is none': { tls: { ca: secrets.passphrase.value, passphrase: secrets.passphrase.value } },
    'a PKCS #12 that is none': { tls: { pfx: Buffer.from(pem), passphrase: secrets.passphrase.value } },
  }
  for (const [name, option] of Object.entries(options)) {
    evidence.start(name)
    const live = await evidence.attempt(() => nodeEnv(option))
    if (typeof live !== 'object' || live === null) continue
    const made = live as typeof env
    evidence.add('env', made)
    const { post } = clientsAt(`https://127.0.0.1:${rude.port}/token`)
    const result = await evidence.task(refreshToken({ client: post })(attempt(O.some(tokenSet)))(made))
    expect(E.isLeft(result)).toBe(true)
    await made.close()
  }
  expect(seen).toEqual([`Basic ${Buffer.from(`user:${secrets.proxy.value}`).toString('base64')}`])
  await proxy.close()
  await rude.close()
  expectNoLeak(20)
})

test('an API that refuses, echoes, redirects or breaks off: fetch and the interceptor', async () => {
  for (const place of Object.keys(PLACES)) {
    evidence.start(place)
    const url = evil.at(place, 'raw')
    const { origin } = new URL(url)
    let acquired = 0
    const source = pipe(
      remoteCallback(() => `${secrets.access.value}${++acquired}`),
      TokenSource.make({ store: memoryStore(), minimumAge: millis(0), observe: evidence.observe }),
    )(env)()
    const fetching = authenticatedFetch({ tokens: source, origins: [origin] })
    const dispatcher = new Agent().compose(authenticated({ tokens: source, origins: [origin] }))
    const answered = await evidence.attempt(() => fetching(url, { redirect: 'manual' }))
    evidence.add('config', fetching, dispatcher)
    if (answered instanceof Response) await answered.body?.cancel().catch(() => undefined)
    await evidence.attempt(() => request(url, { dispatcher }).then(({ body }) => body.dump()))
    await dispatcher.close()
  }
  evidence.start('a token that no header can hold')
  for (const broken of ['\n', '\u0000', '\u20ac', ' ']) {
    const source = pipe(
      remoteCallback(() => `${secrets.access.value}${broken}${secrets.access.value}`),
      TokenSource.make({ store: memoryStore() }),
    )(env)()
    const url = evil.at('error', 'raw')
    const fetching = authenticatedFetch({ tokens: source, origins: [new URL(url).origin] })
    const dispatcher = new Agent().compose(authenticated({ tokens: source, origins: [new URL(url).origin] }))
    await evidence.attempt(() => fetching(url))
    await evidence.attempt(() => request(url, { dispatcher }))
    await dispatcher.close()
  }
  evidence.start('an origin that is none')
  await evidence.attempt(() =>
    authenticatedFetch({ tokens: { ...stub }, origins: [`http://${secrets.access.value}.example`] }),
  )
  evidence.secrets.push(...evil.received())
  const ours = leaksIn(evidence).filter(({ run }) => run !== 'an origin that is none')
  expect(ours).toEqual([])
})

const stub: Tokens = {
  get: TE.left(AuthError.closed),
  peek: () => O.none,
  invalidate: () => TE.right(undefined),
  within: () => stub,
}

// -----------------------------------------------------------------------------
// keys, settings, the terminal
// -----------------------------------------------------------------------------

test('keys that are wrong', async () => {
  const stream = async function* () {
    yield pem.slice(0, 100)
    thrower()
  }
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const configs = {
    'a wrong passphrase': { key: pem, passphrase: secrets.typed.value },
    'no passphrase': { key: pem },
    'a broken key': { key: plainPem.replaceAll('A', '!') },
    'a key cut off': { key: Buffer.from(plainPem.slice(0, 800)) },
    'a public key': { key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    'a passphrase as the key': { key: secrets.passphrase.value, passphrase: pem },
    'a stream that breaks': { key: stream() },
    'a file that is not there': { key: { file: join(folder, 'none.pem') } },
    'a key of another kind': { key: ec },
    'nothing at all': { key: undefined as unknown as string, passphrase: secrets.passphrase.value },
  }
  for (const [name, config] of Object.entries(configs)) {
    evidence.start(name)
    const made = signer(config)
    expect(E.isLeft(await evidence.task(made.sign('input')))).toBe(true)
    evidence.add('config', made)
  }
  evidence.start('a token to verify')
  const verify = verifyJwt({ key: publicKey, algorithms: ['RS256'], audience: 'a', issuer: 'i' })
  const header = Buffer.from('{"alg":"RS256"}').toString('base64url')
  for (const jwt of [
    secrets.access.value,
    `${header}.${secrets.access.value}.${secrets.access.value}`,
    `${header}.${Buffer.from(JSON.stringify({ sub: secrets.access.value })).toString('base64url')}.AAAA`,
  ]) {
    await evidence.task(verify(Secret.make('IdToken', jwt)))
  }
  await evidence.task(
    verifyJwt({ key: plainPem.slice(0, 700), algorithms: ['RS256'], audience: 'a', issuer: 'i' })(
      Secret.make('IdToken', 'a.b.c'),
    ),
  )
  expectNoLeak(25)
})

test('settings that are wrong', async () => {
  const good = {
    boxAppSettings: {
      clientID: 'app',
      clientSecret: secrets.client.value,
      appAuth: { publicKeyID: 'k1', privateKey: pem, passphrase: secrets.passphrase.value },
    },
    enterpriseID: '42',
  }
  const { boxAppSettings: app } = good
  const wrong: Readonly<Record<string, unknown>> = {
    'a list': [good],
    'a secret alone': secrets.client.value,
    'a secret of a wrong type': { ...good, boxAppSettings: { ...app, clientSecret: [secrets.client.value] } },
    'a client id of a wrong type': { ...good, boxAppSettings: { ...app, clientID: { [secrets.client.value]: 1 } } },
    'settings of a wrong type': { ...good, boxAppSettings: secrets.client.value },
    'a key of a wrong type': { ...good, boxAppSettings: { ...app, appAuth: { ...app.appAuth, privateKey: [pem] } } },
    'key settings of a wrong type': { ...good, boxAppSettings: { ...app, appAuth: pem } },
    'no passphrase': { ...good, boxAppSettings: { ...app, appAuth: { publicKeyID: 'k1', privateKey: pem } } },
    'an enterprise of a wrong type': { ...good, enterpriseID: { [secrets.client.value]: secrets.client.value } },
    'no key': { ...good, boxAppSettings: { ...app, appAuth: { ...app.appAuth, publicKeyID: '' } } },
  }
  for (const [name, value] of Object.entries(wrong)) {
    evidence.start(name)
    const text = JSON.stringify(value)
    const file = join(folder, 'settings.json')
    writeFileSync(file, text)
    await evidence.task(async () => Box.settings(value))
    await evidence.task(async () => Box.parseSettings(text))
    await evidence.task(async () => Box.parseSettings(text.slice(0, -2)))
    const read = await readJson(file)()
    await evidence.task(async () =>
      pipe(
        read,
        E.flatMap((json) => Box.settings(json)),
      ),
    )
    writeFileSync(file, `${text.slice(0, -2)} ${secrets.client.value}`)
    expect(E.isLeft(await evidence.task(readJson(file)))).toBe(true)
  }
  evidence.start('good ones')
  const settings = right(Box.settings(good))
  const key = right(Box.keyOf(settings))
  const boxApp = Box.app({ settings })
  evidence.add('config', settings, key, signer(key))
  evidence.add('client', boxApp, boxApp.client)
  expectNoLeak(50)
})

test('a developer token that is typed', async () => {
  const typedAt = (isTTY: boolean) => {
    const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => input }) as unknown as NodeJS.ReadStream
    const output = new PassThrough()
    output.on('data', (chunk) => evidence.write('terminal', String(chunk)))
    return { input, prompt: terminalPrompt({ input, output }) }
  }
  for (const [isTTY, typed] of [
    [true, `${secrets.typed.value}\r`],
    [true, `${secrets.typed.value}\u0003`],
    [true, `x\u007f${secrets.typed.value}\u0004`],
    [false, `${secrets.typed.value}\n`],
    [false, `\u0000${secrets.typed.value}\u00e9\n`],
  ] as const) {
    evidence.start(JSON.stringify(typed.replace(secrets.typed.value, '…')))
    const { input, prompt: asking } = typedAt(isTTY)
    const live = { ...env, prompt: asking }
    const source = pipe(
      Box.developerToken(),
      TokenSource.make({ store: memoryStore(), observe: evidence.observe }),
    )(live)()
    input.push(typed)
    await evidence.task(source.get)
    const fetching = authenticatedFetch({ tokens: source, origins: [new URL(evil.at('error', 'raw')).origin] })
    await evidence.attempt(() => fetching(evil.at('error', 'raw')))
    evidence.add('source', source)
    evidence.add('env', live)
  }
  expect(
    evidence.texts.some(({ origin, text }) => origin === 'terminal' && text.includes('Enter developer token')),
  ).toBe(true)
  expectNoLeak(15)
})

// -----------------------------------------------------------------------------
// values at rest
// -----------------------------------------------------------------------------

test('tokens, sources, clients, strategies, stores and environments show nothing', async () => {
  const box = await startSandbox({ client: { secret: secrets.client.value.replaceAll(/[^A-Za-z0-9]/g, '') } })
  const live = nodeEnv({ proxy: `http://user:${encodeURIComponent(secrets.proxy.value)}@127.0.0.1:1` })
  const client = Box.client({ ...box.client, server: Box.serverAt(box.url) })
  evidence.secrets.push({ name: 'secret of the sandbox', value: box.client.secret })
  const store = memoryStore()
  const source = pipe(
    Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }),
    TokenSource.make({ store, revocation: Box.revocation({ client }), observe: evidence.observe }),
  )(env)()
  const token = right(await source.get())
  const narrow = right(
    await pipe(
      () => () => source,
      Box.downscoped({ client, scope: [Box.scope.itemRead], resource: Box.file('123', { api: box.url }) }),
    )(env)().get(),
  )
  for (const { accessToken: value } of [token, narrow]) {
    evidence.secrets.push({ name: 'issued access token', value: Secret.open(value) })
  }
  evidence.add('token', token, narrow, tokenSet, TokenSet.succeeding(tokenSet)(token))
  evidence.add(
    'source',
    source,
    store,
    source.peek(),
    right(await store.get('default')()),
    right(await source.inspect()),
  )
  evidence.add('client', client, ...Object.values(clientsAt(box.url)), Box.revocation({ client }))
  evidence.add('env', env, live)
  evidence.add(
    'config',
    rs256,
    refreshToken({ client }),
    Box.tokenExchange({ client }),
    Object.values(requestsAt(box.url)),
  )
  await source.close()()
  await live.close()
  await box.close()
  expectNoLeak(20)
})

test('what is hashed is not what is shown', () => {
  // The challenge of a verifier is for everybody to see.
  evidence.write('stdout', createHash('sha256').update(secrets.verifier.value).digest('base64url'))
  expect(leaksIn(evidence)).toEqual([])
})
