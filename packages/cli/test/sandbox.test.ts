import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withHome } from './support.js'

describe('sandbox', () => {
  it(
    'runs until Ctrl-C, with a profile and a settings file like the console',
    withHome(async ({ folder, start, run }) => {
      const file = join(folder, 'box_config.json')
      const server = start(['sandbox', '--rotation', 'strict', '--write', file])
      const url = await server.said(/listens on (http:\/\/127\.0\.0\.1:\d+)\n/)
      await server.said(/Ctrl-C/)
      const settings = JSON.parse(await readFile(file, 'utf8'))
      expect(Object.keys(settings)).toEqual(['boxAppSettings', 'enterpriseID'])
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect((await run(['token', '--profile', 'sandbox'])).code).toBe(0)
      const token = await run(['token', '--config', file, '--base-url', url])
      expect(token.code).toBe(0)
      server.child.kill('SIGINT')
      const { code, stdout, stderr } = await server.ended
      expect(code).toBe(0)
      expect(stdout).toMatch(/^▸ .*\n( {2}\w+ +\S+\n){7}$/)
      expect(stderr).toMatch(/^try, in another terminal:\n[\s\S]*\nCtrl-C ends it\n$/)
      await expect(stat(join(folder, 'config', 'tessera', 'sandbox.json'))).rejects.toThrow('ENOENT')
    }),
  )

  it(
    'writes over the settings of a sandbox, and over no others',
    withHome(async ({ folder, settings, start, run }) => {
      const file = join(folder, 'box_config.json')
      const { boxAppSettings } = settings
      for (const foreign of [
        '',
        '{}',
        JSON.stringify({ ...settings, boxAppSettings: { ...boxAppSettings, clientID: 'x' } }),
      ]) {
        await writeFile(file, foreign)
        const { code, stderr } = await run(['sandbox', '--write', file])
        expect(code).toBe(3)
        expect(stderr).toContain(`${file} is not a sandbox's`)
        expect(await readFile(file, 'utf8')).toBe(foreign)
        await expect(stat(join(folder, 'config', 'tessera', 'sandbox.json'))).rejects.toThrow('ENOENT')
      }
      await writeFile(
        file,
        JSON.stringify({ ...settings, boxAppSettings: { ...boxAppSettings, clientID: 'sandbox-1' } }),
      )
      const server = start(['sandbox', '--write', file])
      await server.said(/Ctrl-C/)
      const { clientID } = JSON.parse(await readFile(file, 'utf8')).boxAppSettings
      expect(clientID).toMatch(/^sandbox-[0-9a-f]{8}$/)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      server.child.kill('SIGINT')
      expect(await server.ended).toMatchObject({ code: 0 })
    }),
  )

  it(
    'says that a port is in use, and what to do',
    withHome(async ({ box, run }) => {
      const { port } = new URL(box.url)
      const { code, stdout, stderr } = await run(['sandbox', '--port', port])
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toMatch(
        /another program listens on port \d+ \(EADDRINUSE\)\.\n {2}next {5}end it, or leave the port out/,
      )
      const login = await run(['login', '--no-browser', '--port', port])
      expect(login.code).toBe(3)
      expect(login.stderr).toMatch(
        /^tessera: --port cannot be taken: .*EADDRINUSE.*\n {2}next {5}end the program that listens/,
      )
    }),
  )

  it(
    'never writes over a profile that is not its own',
    withHome(async ({ config, run }) => {
      const before = await readFile(config, 'utf8')
      const { code, stderr } = await run(['sandbox', '--profile', 'default'])
      expect(code).toBe(3)
      expect(stderr).toContain("is not a sandbox's")
      expect(await readFile(config, 'utf8')).toBe(before)
    }),
  )
})
