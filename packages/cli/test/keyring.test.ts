/** The key of the sessions in a real keyring, that of GNOME, on a bus of the test's own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { testWith } from '../../tools/jest/needs.js'
import { withHome } from './support.js'

type Variables = Readonly<Record<string, string>>

/** No keyring at all, one that its person has opened, one that nobody opens. */
type State = 'none' | 'open' | 'locked'

/** A bus, at which a program to ask for a password can be started, but ends. */
const configuration = (folder: string): string => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${folder}/bus</listen>
  <servicedir>${folder}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

const PROMPTER = '[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/false\n'

/** Keyrings of a folder of their own, of mode 0700. */
const withKeyrings = async (
  body: (within: <A>(state: State, use: (variables: Variables) => Promise<A>) => Promise<A>) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'keyring-'))
  const file = join(folder, 'bus.conf')
  await mkdir(join(folder, 'services'))
  await writeFile(file, configuration(folder))
  await writeFile(join(folder, 'services', 'org.gnome.keyring.SystemPrompter.service'), PROMPTER)
  try {
    await body(async (state, use) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_RUNTIME_DIR: folder, XDG_DATA_HOME: folder }
      const bus = spawn('dbus-daemon', ['--config-file', file, '--nofork', '--print-address'], {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      try {
        const variables = { DBUS_SESSION_BUS_ADDRESS: String(await once(bus.stdout, 'data')).trim() }
        if (state !== 'none') {
          // It answers as soon as its first process has ended, and ends with its bus.
          const args = ['--daemonize', '--components=secrets', ...(state === 'open' ? ['--unlock'] : [])]
          const daemon = spawn('gnome-keyring-daemon', args, {
            env: { ...env, ...variables },
            stdio: ['pipe', 'pipe', 'ignore'],
          })
          daemon.stdin.end('password of the test')
          await text(daemon.stdout)
        }
        return await use(variables)
      } finally {
        const gone = once(bus, 'exit')
        bus.kill()
        await gone
      }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

testWith('keyring')(
  'the key of the sessions goes into the keyring and back, and who cannot open it is told so',
  withHome(async ({ run, state, box, remember }) =>
    withKeyrings(async (within) => {
      const file = join(state, 'key')
      const key = async () => JSON.parse((await run(['store', 'key', '--json'])).stdout)
      const { stdout: token } = await run(['token'])
      const line = await readFile(file, 'utf8')
      remember(line.split(':')[1]?.trim() ?? '')
      expect(await key()).toEqual({ key: 'file', file, moved: false })

      const none = await within('none', (variables) => run(['store', 'key', 'keyring'], variables))
      expect(none).toMatchObject({
        code: 7,
        stderr: expect.stringMatching(/keyring is not there[\s\S]*next +run it in a login/),
      })
      expect(await readFile(file, 'utf8')).toBe(line)

      await within('open', async (variables) => {
        expect(await run(['store', 'key', 'keyring'], variables)).toMatchObject({ code: 0, stdout: '' })
        expect(await run(['token'], variables)).toMatchObject({ code: 0, stdout: token })
      })
      expect(await readFile(file, 'utf8')).toBe(`keyring ${line.split(':')[0]}\n`)
      expect(await key()).toEqual({ key: 'keyring', file, moved: false })

      const locked = await within('locked', (variables) => run(['token'], variables))
      expect(locked).toMatchObject({
        code: 7,
        stdout: '',
        stderr: expect.stringMatching(/locked[\s\S]*next +unlock it/),
      })
      await withKeyrings((other) =>
        other('open', async (variables) => {
          expect(await run(['token'], variables)).toMatchObject({
            code: 7,
            stderr: expect.stringContaining('has no entry'),
          })
        }),
      )

      await within('open', (variables) => run(['store', 'key', 'file'], variables))
      expect(await readFile(file, 'utf8')).toBe(line)
      expect((await run(['token'])).stdout).toBe(token)
      expect(box.counts().byEndpoint.token).toBe(1)
    }),
  ),
)
