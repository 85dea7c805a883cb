/**
 * A login on a machine with another user: he sees the processes of all, and reads whatever is not kept from him. Whoever has the address
 * of a login grants his own account by it, and its victim works in that.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { startSandbox } from '@tessera/sandbox'
import { testWith } from '../../tools/jest/needs.js'

const MAIN = join(__dirname, '..', 'bin', 'tessera.js')
/** Users of this run alone: he calls at every port of his victim's. */
const VICTIM = 60_000 + 2 * (process.pid % 2_000)
const OTHER = VICTIM + 1

const as = (user: number) => ({ uid: user, gid: user })

/** Asks the other user, who answers a line with a line. */
const asking = (child: ChildProcess) => {
  const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value ?? 'null')
  return {
    ready: next(),
    ask: (question: object) => {
      child.stdin?.write(`${JSON.stringify(question)}\n`)
      return next()
    },
  }
}

const portOf = async (server: ReturnType<typeof createServer>): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address()
  return typeof at === 'object' && at !== null ? at.port : 0
}

/** The address that a page leads to, as a browser reads it. */
const ledTo = (page: string): string => (/url=([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&')

testWith('root')('[A17] no other user finds the address of a login, nor logs anybody in as himself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-users-'))
  chmodSync(folder, 0o755)
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')]
  const box = await startSandbox()
  // The "browser" reads the page that it is given, says what is in it, and lives until it is answered.
  const browser = createServer()
  const visits: Array<readonly [page: string, response: ServerResponse]> = []
  const visited = new Promise<void>((resolve) => {
    browser.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void text(request).then((page) => {
        visits.push([page, response])
        resolve()
      })
    })
  })
  const children: ChildProcess[] = []
  try {
    const report = `http://127.0.0.1:${await portOf(browser)}/`
    mkdirSync(home, { mode: 0o755 })
    mkdirSync(temporary)
    chmodSync(temporary, 0o1777)
    const opener = join(folder, 'browser.mjs')
    writeFileSync(
      opener,
      `import { readFileSync } from 'node:fs'
       const body = readFileSync(new URL(process.argv[2]), 'utf8')
       await (await fetch(${JSON.stringify(report)}, { method: 'POST', body })).text()`,
      { mode: 0o644 },
    )
    const config = join(home, 'box.json')
    await box.writeSettings(config)
    for (const path of [home, config]) chownSync(path, VICTIM, VICTIM)
    // Where the other user is sure to see something: an argument of the browser.
    const control = randomBytes(8).toString('hex')

    const spied = join(folder, 'spy.mjs')
    cpSync(join(__dirname, 'fixtures', 'spy.mjs'), spied)
    chmodSync(spied, 0o644)
    const spy = spawn(process.execPath, [spied, String(VICTIM), folder], {
      ...as(OTHER),
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.push(spy)
    const { ready, ask } = asking(spy)
    expect(await ready).toBe('ready')

    const victim = spawn(process.execPath, [MAIN, 'login', '--config', config, '--base-url', box.url], {
      ...as(VICTIM),
      cwd: home,
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        TMPDIR: temporary,
        BROWSER: `${process.execPath} ${opener} %s ${control}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(victim)
    const said = Promise.all([text(victim.stdout), text(victim.stderr), once(victim, 'close')])
    const early = said.then(([, stderr]) => Promise.reject(new Error(stderr)))
    early.catch(() => undefined)
    await Promise.race([visited, early])
    const [page, response] = visits[0] ?? ['', undefined]
    const url = ledTo(page)
    const { searchParams } = new URL(url)
    const secrets = [url, url.replaceAll('&', '&amp;'), encodeURIComponent(url)].concat(
      ['state', 'code_challenge'].map((name) => searchParams.get(name) ?? url),
    )

    // While the browser is open, and at its end.
    const nowhere = secrets.map(() => [])
    expect(await ask({ find: [control, ...secrets] })).toEqual([
      expect.arrayContaining(['cmdline of a process']),
      ...nowhere,
    ])

    // His own account's code, for the address that the victim waits at: with a state of his own, with none, and with a guess.
    const own = new URL(url)
    own.searchParams.set('state', 'of-his-own')
    const callback = new URL(await box.grant(own.href, { user: '7002' }))
    const code = callback.searchParams.get('code') ?? ''
    const { pathname } = callback
    const paths = [pathname + callback.search, `${pathname}?code=${code}`, `${pathname}?code=${code}&state=`]
    expect(await ask({ call: paths })).toEqual([400, 400, 400])
    expect(box.counts().byEndpoint.token).toBe(0)

    const answered = await fetch(await box.grant(url))
    expect(answered.status).toBe(200)
    response?.end()
    const [, stderr, [exit]] = await said
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining('logged in as Ada App') })
    expect(box.counts().byEndpoint.token).toBe(1)
    expect((await ask({ find: [control, ...secrets] })).slice(1)).toEqual(nowhere)
    expect(readdirSync(home).filter((name) => name.startsWith('tessera-login-'))).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  } finally {
    for (const child of children) child.kill('SIGKILL')
    for (const [, response] of visits) response.end()
    browser.close()
    await box.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
