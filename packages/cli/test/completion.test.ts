/** Completion: what the command offers, and the scripts of the shells that are installed. */
import { spawnSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { testWith } from '../../tools/jest/needs.js'
import { type Home, withHome } from './support.js'

const SCRIPTS = join(__dirname, '..', 'completions')

const offered = async ({ run }: Home, ...words: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { code, stdout, stderr } = await run(['complete', '--', ...words])
  expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '')
}

describe('complete', () => {
  it(
    'offers commands, options, choices, profiles and sessions',
    withHome(async (home) => {
      await home.writeProfile('work', home.settings)
      await home.run(['token'])
      const { host } = new URL(home.box.url)
      const name = `${host}/${home.box.client.id}/service:4242`
      expect(await offered(home, 'to')).toEqual(['token'])
      expect(await offered(home, '')).not.toContain('complete')
      expect(await offered(home, 'store', '')).toEqual(['list', 'inspect', 'delete', 'key', 'migrate', 'help'])
      expect(await offered(home, 'token', '--pr')).toEqual(['--profile'])
      expect(await offered(home, 'token', '--profile', '')).toEqual(['default', 'work'])
      expect(await offered(home, 'token', '--profile=w')).toEqual(['--profile=work'])
      expect(await offered(home, '--profile', 'work', 'inspe')).toEqual(['inspect'])
      expect(await offered(home, 'sandbox', '--rotation', 'n')).toEqual(['none'])
      expect(await offered(home, 'completion', '')).toEqual(['bash', 'zsh', 'fish'])
      expect(await offered(home, 'login', '--provider', 'git')).toEqual(['github', 'github-app', 'gitlab'])
      expect(await offered(home, 'profile', 'add', 'work', '--provider=bo')).toEqual(['--provider=box'])
      expect(await offered(home, 'token', '--config', '')).toEqual([':files'])
      expect(await offered(home, 'store', 'inspect', '')).toEqual([name])
      expect(await offered(home, 'store', 'inspect', name.slice(0, 12))).toEqual([name])
      expect(await offered(home, 'store', 'inspect', 'none/of/them')).toEqual([])
      expect(await offered(home, '--store', 'redis://127.0.0.1:1', 'store', 'inspect', '')).toEqual([])
    }),
  )
})

describe('the script', () => {
  testWith('bash')(
    'of bash completes commands, names with colons, and files',
    withHome(async (home) => {
      const { folder, run, box } = home
      await run(['token'])
      const tessera = join(folder, 'tessera')
      await writeFile(tessera, `#!/bin/sh\nexec ${process.execPath} ${join(__dirname, '../bin/tessera.js')} "$@"\n`)
      await chmod(tessera, 0o755)
      const completed = (line: string): ReadonlyArray<string> => {
        const script = `eval "$(tessera completion bash)"
          COMP_LINE=$1 COMP_POINT=\${#1}
          _tessera tessera
          printf '%s\\n' "\${COMPREPLY[@]}"`
        const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', line], {
          encoding: 'utf8',
          env: {
            PATH: `${folder}:${process.env['PATH'] ?? ''}`,
            HOME: folder,
            XDG_CONFIG_HOME: join(folder, 'config'),
            XDG_STATE_HOME: join(folder, 'state'),
          },
        })
        expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
        return stdout.split('\n').filter((word) => word !== '')
      }
      expect(completed('tessera st')).toEqual(['store'])
      expect(completed('tessera store ')).toEqual(['list', 'inspect', 'delete', 'key', 'migrate', 'help'])
      expect(completed('tessera sandbox --rotation=n')).toEqual(['none'])
      expect(completed(`tessera token --config ${tessera.slice(0, -2)}`)).toEqual([tessera])
      // To bash, a colon begins a word.
      expect(completed('tessera store inspect 127.0.0.1:')).toEqual([
        `${new URL(box.url).port}/${box.client.id}/service:4242`,
      ])
      expect((await run(['completion', 'tcsh'])).code).toBe(2)
    }),
  )

  for (const [shell, option] of [
    ['bash', '-n'],
    ['zsh', '-n'],
    ['fish', '--no-execute'],
  ] as const) {
    testWith(shell)(`of ${shell} is whole`, () => {
      const { status, stderr } = spawnSync(shell, [option, join(SCRIPTS, `tessera.${shell}`)], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    })
  }
})
