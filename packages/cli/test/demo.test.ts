import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { eventually, servers } from '@tessera/trials'
import { describeWith } from '../../tools/jest/needs.js'
import { type Ended, withHome } from './support.js'

const GOLDEN = join(__dirname, 'demo.golden.txt')

/** Without what differs from run to run: ports, times, and how many secrets there were to look for. */
const steady = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replaceAll(/\d+ ms/g, '<n> ms')
    .replaceAll(/refused \d+ writes/g, 'refused <n> writes')
    .replaceAll(/of \d+ looked for/g, 'of <n> looked for')
    .replaceAll(/node \S*tessera\.js/g, 'tessera')

const golden = (): string => readFileSync(GOLDEN, 'utf8')

/** The story goes to standard output, what to try next to standard error. */
const toldBy = ({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): string => {
  expect(stderr).toMatch(/^(\ntry next\n|$)/)
  return steady(stdout + stderr)
}

/** The story where no Redis is installed. */
const withoutRedis = (story: string): string =>
  story
    .replace(/(?<=processes, one Redis +)\b.*/, 'not shown: no redis-server is installed here, and --store names none')
    .replace('140 token requests', '136 token requests')

/** The processes that were started with this folder as theirs, or work in it; as far as Linux tells. */
const processesIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const all = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    all
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => {
        const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
        const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
        return environ.includes(folder) || cwd.startsWith(folder) ? [pid] : []
      }),
  )
  return found.flat()
}

describe('demo', () => {
  const tells = (story: () => string, variables: Readonly<Record<string, string>> = {}) =>
    withHome(async ({ run, folder }) => {
      const tmp = join(folder, 'tmp')
      await mkdir(tmp)
      const ended = await run(['demo'], { TMPDIR: tmp, ...variables })
      expect(toldBy(ended)).toBe(story())
      expect(ended.code).toBe(0)
      // Nothing is left.
      expect(await readdir(tmp)).toEqual([])
      expect(await processesIn(tmp)).toEqual([])
    })

  it(
    'tells its story to the end, also where there is no Redis',
    tells(() => withoutRedis(golden()), { PATH: '' }),
  )

  describeWith('redis-server')('with a Redis', () => {
    it('tells its story to the end', tells(golden))

    it(
      'takes the Redis that is named, and leaves nothing there',
      withHome(async ({ run, remember }) => {
        const all = servers()
        try {
          const { port, command } = await all.start()
          remember('n0t-t0-be-s33n')
          const store = ['--store', `redis://:n0t-t0-be-s33n@127.0.0.1:${port}`]
          await command('ACL', 'SETUSER', 'default', '>n0t-t0-be-s33n')
          const ended = await run(['demo', ...store], { PATH: '' })
          expect(toldBy(ended)).toBe(golden())
          expect(ended.code).toBe(0)
          const client = createClient({ password: 'n0t-t0-be-s33n', socket: { host: '127.0.0.1', port } })
          await client.connect()
          expect(await client.dbSize()).toBe(0)
          client.destroy()
        } finally {
          await all.stop()
        }
      }),
    )

    // Elsewhere, nobody sees which processes are there.
    if (process.platform === 'linux')
      it(
        'leaves no process behind when it is killed, not even a Redis',
        withHome(async ({ start, folder }) => {
          const demo = start(['demo'], { TMPDIR: folder })
          const isRedis = async (pid: string): Promise<boolean> =>
            (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).startsWith('redis')
          const redisIsThere = async (): Promise<boolean> =>
            (await Promise.all((await processesIn(folder)).map(isRedis))).includes(true)
          await demo.said(/ a process was killed .*/)
          await eventually('a Redis of the tour', async () => demo.child.exitCode !== null || redisIsThere())
          demo.child.kill('SIGKILL')
          expect((await demo.ended).code).toBe(null)
          await eventually('no process is left', async () => (await processesIn(folder)).length === 0)
        }),
      )
  })

  it(
    'does its first steps at a server that is named',
    withHome(async ({ box, config, run }) => {
      const { code, stdout, stderr } = await run(['demo', '--config', config, '--base-url', box.url, '--json'])
      expect(code).toBe(0)
      expect(stderr).toContain('✓ 5 scenes')
      const object = JSON.parse(stdout)
      expect(object).toMatchObject({ ok: true, lost_sessions: 0, secrets_printed: 0 })
      expect(object.token_requests).toBe(box.counts().byEndpoint.token)
    }),
  )

  it(
    'says what it expected when a scene does not hold, and exits with 1',
    withHome(
      async ({ run }) => {
        const { code, stdout } = await run(['demo', '--profile', 'default'])
        expect(code).toBe(1)
        expect(stdout).toContain('status: expected 200, found 403')
        expect(stdout).toContain('✗ 5 scenes')
      },
      { client: { scope: ['item_preview'] } },
    ),
  )
})
