import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withHome } from './support.js'

const GOLDEN = join(__dirname, 'demo.golden.txt')

/** Without what differs from run to run: ports, times, and how many secrets there were to look for. */
const steady = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replaceAll(/\d+ ms/g, '<n> ms')
    .replaceAll(/refused \d+ writes/g, 'refused <n> writes')
    .replaceAll(/of \d+ looked for/g, 'of <n> looked for')
    .replaceAll(/node \S*main\.js/g, 'tessera')
    .replaceAll(/^ {2}… .*\n/gm, '')

describe('demo', () => {
  it(
    'tells its story to the end',
    withHome(async ({ run }) => {
      const { code, stdout, stderr } = await run(['demo'])
      expect(steady(stderr)).toBe(readFileSync(GOLDEN, 'utf8'))
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    }),
  )

  it(
    'does its first steps at a server that is named',
    withHome(async ({ box, config, run }) => {
      const { code, stdout } = await run(['demo', '--config', config, '--base-url', box.url, '--json'])
      expect(code).toBe(0)
      const object = JSON.parse(stdout)
      expect(object).toMatchObject({ ok: true, lost_sessions: 0, secrets_printed: 0 })
      expect(object.token_requests).toBe(box.counts().byEndpoint.token)
    }),
  )

  it(
    'says what it expected when a scene does not hold, and exits with 1',
    withHome(
      async ({ run }) => {
        const { code, stderr } = await run(['demo', '--profile', 'default'])
        expect(code).toBe(1)
        expect(stderr).toContain('status: expected 200, found 403')
        expect(stderr).toContain('✗ 5 scenes')
      },
      { client: { scope: ['item_preview'] } },
    ),
  )
})
