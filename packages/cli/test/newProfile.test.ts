import { createServer } from 'node:net'
import { type Home, withHome } from './support.js'

const generic = { dialect: 'generic' } as const

const optionsOf = ({ box }: Home): ReadonlyArray<string> => [
  ...['--issuer', box.endpoints.issuer, '--client-id', box.publicClient.id, '--profile', 'work', '--no-browser'],
]

describe('a login of a new profile', () => {
  it(
    'that fails here has its own advice, and says that nothing was saved',
    withHome(async (home) => {
      const { box, run } = home
      const taken = createServer()
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
      const address = taken.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const conflict = await run(['login', ...optionsOf(home), '--port', `${port}`])
      await new Promise((resolve) => taken.close(resolve))
      expect(conflict.code).toBe(3)
      expect(conflict.stderr).toContain('name another port with --port')

      const endpoint = ['--token-endpoint', box.endpoints.token, '--client-id', box.publicClient.id]
      // With both endpoints nothing is asked of the server, so that it is the person who is late.
      const both = [
        ...endpoint,
        '--authorization-endpoint',
        box.endpoints.authorize,
        '--profile',
        'work',
        '--no-browser',
      ]
      const late = await run(['login', ...both, '--timeout', '1'])
      expect(late.code).toBe(6)

      const without = await run(['login', ...endpoint, '--profile', 'plain'])
      expect(without.code).toBe(3)
      expect(without.stderr).toContain('add --authorization-endpoint URL')

      for (const { stderr } of [conflict, late, without]) {
        expect(stderr).toContain('nothing was saved, so give the same options again')
        expect(stderr).not.toContain('with the right client')
      }
    }, generic),
  )

  it(
    'whose profile cannot be saved is revoked',
    withHome(async (home) => {
      const { box, start, run, records, writeProfile } = home
      const login = start(['login', ...optionsOf(home)])
      const url = await login.said(/http:\S+authorize\S+/)
      // Somebody else was faster.
      await writeProfile('work', '{}')
      const before = box.counts().byEndpoint.revoke
      await fetch(await box.grant(url))
      const { code, stderr } = await login.ended
      expect(code).toBe(3)
      expect(stderr).toContain('work.json is there already; the login is revoked.')
      expect(box.counts().byEndpoint.revoke).toBeGreaterThan(before)
      expect((await records()).join()).not.toContain('refresh_token":"')
      const { sessions } = JSON.parse((await run(['store', 'list', '--json'])).stdout)
      expect(sessions).toMatchObject([{ state: 'revoked', refresh_token: false }])
    }, generic),
  )
})
