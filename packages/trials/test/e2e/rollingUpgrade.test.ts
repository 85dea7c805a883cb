/** While a fleet is upgraded, processes of every earlier release and of the present one share a session. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { instant, Secret } from '@tessera/core'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { inProject } from '../../src/project.js'
import { httpServer, type Listening } from '../../src/servers/httpServer.js'
import { linesOf } from './support/lines.js'

const RELEASES = inProject('packages/trials/releases')
const SCRIPT = join(__dirname, 'packed', 'sharing.mjs')
const HOUR = 3_600_000
/** The flight's deadline and its margin. */
const HOLD = 20_000

const temporary = mkdtempSync(join(tmpdir(), 'upgrade-'))
const children: ChildProcess[] = []
const servers: Listening[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const server of servers) await server.close()
  rmSync(temporary, { recursive: true, force: true })
})

/** The script beside the packages of a release, as they were packed; or of the present one, as they are built. */
const installed = (release: string): string => {
  if (release === 'present') return SCRIPT
  const folder = join(temporary, release)
  const modules = join(folder, 'node_modules')
  for (const tarball of readdirSync(join(RELEASES, release))) {
    const name = /^tessera-(.+)-\d+\.\d+\.\d+\.tgz$/.exec(tarball)?.[1]
    if (name === undefined) throw new Error(`not a tarball of ours: ${tarball}`)
    const to = join(modules, '@tessera', name)
    mkdirSync(to, { recursive: true })
    execFileSync('tar', ['-xzf', join(RELEASES, release, tarball), '-C', to, '--strip-components=1'])
  }
  for (const name of ['fp-ts', 'io-ts']) {
    const manifest = require.resolve(`${name}/package.json`)
    symlinkSync(dirname(manifest), join(modules, name))
  }
  const script = join(folder, 'sharing.mjs')
  cpSync(SCRIPT, script)
  return script
}

const open = (secret: O.Option<Secret>): string => (O.isSome(secret) ? Secret.open(secret.value) : '')

describe.each(readdirSync(RELEASES))('release %s and the present one', (release) => {
  const scripts = { [release]: installed(release), present: installed('present') }

  const world = async () => {
    let ahead = 0
    const model = modelServer({ mode: { _tag: 'GraceUntilUsed' }, clock: { now: () => instant(Date.now() + ahead) } })
    const refreshToken = open(model.login().refreshToken)
    let holds = false
    const http = await httpServer(({ body }, response) => {
      const result = model.redeem(Secret.make('RefreshToken', body))()
      // The answer to a process that will be killed.
      if (holds) return
      if (E.isLeft(result)) {
        response.writeHead(400).end()
        return
      }
      const { accessToken, refreshToken, expiresAt } = result.right
      const expires = O.isSome(expiresAt) ? expiresAt.value : 0
      response.end(
        JSON.stringify({ access: Secret.open(accessToken), refresh: open(refreshToken), expiresAt: expires }),
      )
    })
    servers.push(http)
    const folder = mkdtempSync(join(temporary, 'session-'))

    const processOf = (which: string) => {
      const config = JSON.stringify({ folder: join(folder, 'sessions'), server: http.url, refreshToken, ahead })
      const child = spawn(process.execPath, [scripts[which] ?? '', config], { stdio: ['pipe', 'pipe', 'inherit'] })
      children.push(child)
      // One that was killed reads no more.
      child.stdin.on('error', () => undefined)
      const line = linesOf(child)
      const next = async (word: string): Promise<string> => {
        const said = await line()
        return said.startsWith(word) ? said : next(word)
      }
      const say = (line: string): void => void child.stdin.write(`${line}\n`)
      return { say, next, kill: () => child.kill('SIGKILL') }
    }

    const all = new Map([release, 'present'].map((which) => [which, processOf(which)] as const))
    const of = (which: string) => {
      const found = all.get(which)
      if (found === undefined) throw new Error('no such process')
      return found
    }
    return {
      model,
      of,
      restart: (which: string) => void all.set(which, processOf(which)),
      hold: (held: boolean) => {
        holds = held
      },
      advance: (ms: number) => {
        ahead += ms
        for (const { say } of all.values()) say(`later ${ms}`)
      },
    }
  }

  test('renew one session in turn and at once: each token is redeemed once, and both are given the same', async () => {
    const { model, of, advance } = await world()
    const [old, present] = [of(release), of('present')]
    let redeemed = 0
    for (const askers of [[old], [present], [old, present], [present, old], [old], [present], [old, present]]) {
      advance(HOUR)
      for (const { say } of askers) say('get')
      const tokens = await Promise.all(askers.map(({ next }) => next('token')))
      redeemed++
      expect(new Set(tokens).size).toBe(1)
      expect(tokens[0]).toMatch(/^token access/)
      expect(model.counts()).toMatchObject({ redeemed, repeated: 0 })
    }
  })

  test.each([
    [release, 'present'],
    ['present', release],
  ])('when %s dies in the middle of a renewal, %s recovers the session', async (dying, survivor) => {
    const { model, of, hold, restart, advance } = await world()
    advance(HOUR)
    hold(true)
    of(dying).say('get')
    expect(await of(dying).next('renewing')).toBe('renewing 1 false')
    // It reached the server.
    while (model.counts().redeemed < 1) await new Promise(setImmediate)
    of(dying).kill()
    hold(false)
    advance(HOLD)
    of(survivor).say('get')
    expect(await of(survivor).next('renewing')).toBe('renewing 1 true')
    const token = await of(survivor).next('token')
    expect(token).toMatch(/^token access/)
    restart(dying)
    of(dying).say('get')
    expect(await of(dying).next('token')).toBe(token)
  })
})
