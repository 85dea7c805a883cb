import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds } from '@tessera/core'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { type Child, child, said } from '../../child.js'
import { TESSERA } from '../../project.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { many } from '../many.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { showing } from '../printed.js'
import { dealt, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** What a test may break: the program and first arguments of the command. */
export interface Parts {
  readonly command: readonly [string, ...string[]]
}

// -----------------------------------------------------------------------------
// attacks
// -----------------------------------------------------------------------------

/** What an attacker knows, or is assumed to. */
interface Target {
  readonly port: number
  /** Of the callback that is waited for: its query, and the state in it. */
  readonly query: string
  readonly state: string
  /** A good code for the attacker's own account, from a login of theirs. */
  readonly code: string
  readonly theirState: string
}

const asked = (method: string, target: string, host: string): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

const MARKUP = '<script>alert(1)</script>'

type Random = () => number
type Attack = (target: Target, random: Random) => string

const get =
  (query: (target: Target, random: Random) => string): Attack =>
  (target, random) =>
    asked('GET', `/callback?${query(target, random)}`, `127.0.0.1:${target.port}`)

const otherCase = (text: string): string =>
  text.replace(/[a-z]/i, (char) => (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()))

const ATTACKS: ReadonlyArray<Attack> = [
  // A wrong state.
  get(({ code }) => `code=${code}`),
  get(({ code }) => `code=${code}&state=`),
  get(({ code, theirState }) => `code=${code}&state=${theirState}`),
  get(({ code, state }) => `code=${code}&state=${otherCase(state)}`),
  get(({ code, state }, random) => `code=${code}&state=${state.slice(0, whole(random, 1, state.length - 1))}`),
  get(({ code, state }) => `code=${code}&state=${state}x`),
  get(({ code, state, theirState }) => `code=${code}&state=${state}&state=${theirState}`),
  get(({ code, state, theirState }) => `code=${code}&state=${theirState}&state=${state}`),
  get(({ code, state }) => `code=${code}&state[]=${state}`),
  get(({ code, state }) => `code=${code}#state=${state}`),
  get(({ theirState }) => `error=access_denied&state=${theirState}`),
  get(() => `error=${encodeURIComponent(MARKUP)}&error_description=${MARKUP.replaceAll(' ', '')}`),
  get(() => ''),
  // A wrong path.
  ...['/', '/callback/', '/callbacks', '/CALLBACK', '//callback', '/x/../callback', '/callback%2f', '/%63allback'].map(
    (path): Attack =>
      ({ port, query }) =>
        asked('GET', path + query, `127.0.0.1:${port}`),
  ),
  ({ query }) => asked('GET', `http://evil.example/callback${query}`, 'evil.example'),
  // A wrong host: a page whose name was made to lead to this machine.
  ...[
    'evil.example',
    'evil.example:PORT',
    'localhost:PORT',
    '127.0.0.1',
    '[::1]:PORT',
    '127.0.0.1:PORT.evil.example',
    '',
  ].map(
    (host): Attack =>
      ({ port, query }) =>
        asked('GET', `/callback${query}`, host.replace('PORT', String(port))),
  ),
  // A wrong method.
  ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'].map(
    (method): Attack =>
      ({ port, query }) =>
        asked(method, `/callback${query}`, `127.0.0.1:${port}`),
  ),
  // No HTTP, and too much of it.
  () => '\u0016\u0003\u0001\u0000\u0000\r\n\r\n',
  ({ port, query }) => asked(`GET /callback${query}`, '/', `127.0.0.1:${port}`),
  ({ port }) => `GET /callback HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
]

const ANSWER = seconds(10)

/** Sends bytes; answers all that came back. A reset is an answer too. */
const attack = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1')
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
    socket.setTimeout(2 * ANSWER, () => socket.destroy())
    socket.end(text)
  })

/** A client that is there first, sends half a request, and stays. */
const racing = (port: number): Socket => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET /callback?code=')
  return socket
}

// -----------------------------------------------------------------------------
// a login
// -----------------------------------------------------------------------------

const ADDRESS = /(http:\/\/127\.0\.0\.1:\d+\/api\/\S+)/
/** For the command to start and to say its address. */
const START = 180_000
/** For the exchange of the code. */
const END = seconds(120)
const ATTACKS_A_LOGIN = 50
const ATTACKER = '7002'

interface Run {
  readonly parts: Parts
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  readonly box: Sandbox
}

/** The address that a login tells. */
const addressOf = async (started: Child): Promise<string> => {
  const timer = setTimeout(() => started.process.kill('SIGKILL'), START)
  return said(started, ADDRESS).finally(() => clearTimeout(timer))
}

const parameter = (url: string, name: string): string => new URL(url).searchParams.get(name) ?? ''

/** The attacker logs in to an account of their own, elsewhere. */
const ofAttacker = async (box: Sandbox, address: string, random: Random): Promise<{ code: string; state: string }> => {
  const url = new URL(address)
  const state = `attacker${whole(random, 1e9, 2e9)}`
  url.searchParams.set('state', state)
  const callback = await box.grant(url.href, { user: ATTACKER })
  return { code: parameter(callback, 'code'), state }
}

/** Who the session belongs to. */
const userOf = async ({ box }: Run, token: string): Promise<string> => {
  const answer = await fetch(`${box.endpoints.api}/users/me`, { headers: { authorization: `Bearer ${token}` } })
  const body: unknown = await answer.json()
  return typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : ''
}

const settingsOf = (box: Sandbox) => ({
  boxAppSettings: { clientID: box.client.id, clientSecret: box.client.secret },
  enterpriseID: box.enterprise,
  tessera: { baseUrl: box.url },
})

const login = async (run: Run, attacks: ReadonlyArray<Attack>, folder: string): Promise<void> => {
  const { parts, context, tally, stopwatch, box } = run
  const { random, canaries } = context
  mkdirSync(join(folder, 'config', 'tessera'), { recursive: true })
  writeFileSync(join(folder, 'config', 'tessera', 'default.json'), JSON.stringify(settingsOf(box)))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_STATE_HOME: join(folder, 'state'),
  }
  const [program, ...first] = parts.command
  const started = child(program, [...first, 'login', '--no-browser'], { env })
  const racers: Socket[] = []
  try {
    const address = await addressOf(started)
    const port = Number(new URL(parameter(address, 'redirect_uri')).port)
    racers.push(racing(port))
    const theirs = await ofAttacker(box, address, random)
    const callback = await box.grant(address)
    const state = parameter(callback, 'state')
    const target: Target = { port, query: new URL(callback).search, state, code: theirs.code, theirState: theirs.state }
    canaries.remember(parameter(callback, 'code'), state, parameter(address, 'code_challenge'))
    const reflects = showing([theirs.code, theirs.state, MARKUP])

    for (const of of attacks) {
      const text = of(target, random)
      if (random() < 0.1) racers.push(racing(port))
      const answer = await stopwatch.time(ANSWER, () => attack(port, text))
      canaries.wrote(answer)
      const what = text.slice(0, text.indexOf('\r\n')).replace(target.query, '?…').slice(0, 80)
      if (/^HTTP\/1\.1 [23]/.test(answer)) tally.problem(`taken: ${what}`)
      if (reflects(answer)) tally.problem(`reflected: ${what}`)
    }

    const before = box.counts().byGrantType['authorization_code'] ?? 0
    const page = await fetch(callback, { signal: AbortSignal.timeout(END) }).catch(() => undefined)
    canaries.wrote((await page?.text()) ?? '')
    const timer = setTimeout(() => started.process.kill('SIGKILL'), 2 * END)
    const end = await stopwatch.time(END, () => started.ended)
    clearTimeout(timer)
    const exchanged = (box.counts().byGrantType['authorization_code'] ?? 0) - before
    if (page?.status !== 200 || end !== 0 || exchanged !== 1) {
      tally.lost++
      tally.problem(`the login ended with ${end}, its callback with ${page?.status}, after ${exchanged} exchanges`)
    }
    canaries.wrote(started.lines.join('\n'))
    canaries.wrote(started.complaints().replaceAll(address, ''))

    const token = child(program, [...first, 'token', '--as', 'login'], { env })
    await token.ended
    const [access = ''] = token.lines
    canaries.remember(access)
    canaries.wrote(token.complaints())
    const user = await userOf(run, access)
    const [, person] = box.users
    if (user !== person?.id) tally.problem(`hijacked: the session is that of ${user === '' ? 'nobody' : user}`)
  } finally {
    for (const racer of racers) racer.destroy()
    started.process.kill('SIGKILL')
  }
}

export const loopbackLoginWith = (parts: Parts): Fault => ({
  name: 'loopback-login',
  injection: `tessera login --no-browser, each attacked ${ATTACKS_A_LOGIN} times at its loopback address: no state, another one, the attacker’s own with a good code; other paths, hosts and methods; no HTTP; clients that connect first and stay`,
  expected: 'none is taken, nothing is reflected, the login ends with the session of the person who granted it',
  count: 500,
  seconds: 15,
  test: 'login',
  run: async (context): Promise<Findings> => {
    const { count, random, progress } = context
    const root = mkdtempSync(join(tmpdir(), 'tessera-login-'))
    const box = await startSandbox()
    const tally = makeTally()
    const stopwatch = makeStopwatch()
    context.canaries.remember(box.client.secret)
    try {
      const attacks = dealt(random, ATTACKS, count)
      const logins = Array.from({ length: Math.ceil(count / ATTACKS_A_LOGIN) }, (_, i) =>
        attacks.slice(i * ATTACKS_A_LOGIN, (i + 1) * ATTACKS_A_LOGIN),
      )
      // One after the other: what is exchanged is counted.
      await many(logins, 1, async (of, index) => {
        await login({ parts, context, tally, stopwatch, box }, of, join(root, String(index)))
        progress(index * ATTACKS_A_LOGIN)
      })
      return tally.findings(context, stopwatch.longest(), `${logins.length} logins`)
    } finally {
      stopwatch.stop()
      await box.close()
      rmSync(root, { recursive: true, force: true })
    }
  },
})

export const loopbackLogin = loopbackLoginWith({ command: [process.execPath, TESSERA] })
