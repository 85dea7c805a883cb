import { startWorld, type World } from '../../mcp/test/support/world.js'
import { withHome } from './support.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

describe('an MCP server', () => {
  it(
    'is logged in to by its URL alone, and every shell has its token',
    withHome(async ({ start, run, remember }) => {
      remember('access-1', 'refresh-1')
      const early = await run(['mcp', 'token', world.url])
      expect(early).toMatchObject({ code: 4, stdout: '' })
      expect(early.stderr).toContain(`tessera mcp login ${world.url}`.replace('tessera ', ''))

      const login = start(['mcp', 'login', world.url, '--no-browser'])
      const address = await login.said(/http:\S+/)
      expect(new URL(address).searchParams.get('resource')).toBe(world.url)
      await fetch(address)
      const ended = await login.ended
      expect(ended).toMatchObject({ code: 0, stdout: '' })
      expect(ended.stderr).toMatch(/logged in.*\n.*next: .*mcp token/s)

      const tokens = await Promise.all([0, 1].map(() => start(['mcp', 'token', world.url]).ended))
      expect(tokens).toMatchObject([
        { code: 0, stdout: 'access-1\n' },
        { code: 0, stdout: 'access-1\n' },
      ])
      expect(world.forms).toHaveLength(1)
    }),
  )

  it(
    'has a login for each profile, and the same port and client for each login',
    withHome(async ({ start }) => {
      const loginOf = async (...args: ReadonlyArray<string>): Promise<void> => {
        const login = start(['mcp', 'login', world.url, '--no-browser', ...args])
        await fetch(await login.said(/http:\S+/))
        expect(await login.ended).toMatchObject({ code: 0 })
      }
      await loginOf()
      await loginOf('--profile', 'other')
      expect((await start(['mcp', 'token', world.url, '--profile', 'other']).ended).stdout).toBe('access-2\n')
      expect((await start(['mcp', 'token', world.url]).ended).stdout).toBe('access-1\n')
      expect(new Set(world.asked.map((query) => query.get('redirect_uri'))).size).toBe(1)
      expect(world.registrations).toHaveLength(1)
      const { stdout } = await start(['store', 'list']).ended
      expect(stdout.trim().split('\n')).toHaveLength(2)
    }),
  )

  it(
    'gets no secret for an authorization server that the person did not name',
    withHome(async ({ run, remember }) => {
      remember('s3cret')
      const login = ['mcp', 'login', world.url, '--no-browser', '--client-id', 'by-hand']
      const variables = { TESSERA_CLIENT_SECRET: 's3cret' }
      const { code, stderr } = await run(login, variables)
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--issuer URL') })
      expect((await run([...login, '--issuer', 'https://as.example'], variables)).stderr).toContain('does not name it')
      expect([world.asked, world.forms]).toEqual([[], []])
    }),
  )

  it(
    'that is none is said to be none',
    withHome(async ({ run }) => {
      await world.close()
      const { code, stderr } = await run(['mcp', 'login', world.url, '--no-browser'])
      expect(code).toBe(6)
      expect(stderr).toContain('cannot be reached')
      expect(await run(['mcp', 'login', 'mcp.example'])).toMatchObject({ code: 2 })
      world = await startWorld()
    }),
  )
})
