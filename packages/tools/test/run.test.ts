/** The table of commands, and what the pages, programs and comments say of it. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../published.js'
import { choice, commands, usage } from '../run.js'

const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts
const programs = Object.values(commands).flatMap((of) => Object.values(of))
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'packages/tools/run.js'), ...args], { encoding: 'utf8' })

test('each command of the table is one of package.json, and those fit on a screen', () => {
  for (const command of Object.keys(commands)) expect(scripts[command]).toBe(`node packages/tools/run.js ${command}`)
  expect(Object.keys(scripts).length).toBeLessThanOrEqual(15)
})

test('each program of the table is there', () => {
  const missing = programs
    .flatMap(({ runs }) => runs)
    .filter((line) => {
      const [program = '', file = ''] = line.split(' ')
      return program === 'node'
        ? !existsSync(join(root, file))
        : !['npx', 'env'].includes(program) && !existsSync(join(root, 'node_modules', '.bin', program))
    })
  expect(missing).toEqual([])
})

test('a name chooses a program; what follows is for it', () => {
  expect(choice('check', ['lint', '--reporter=json'])).toEqual({
    isBuilt: false,
    names: ['lint'],
    args: ['--reporter=json'],
  })
  expect(choice('proof', ['--built', 'explore', '--stalls', '2'])).toEqual({
    isBuilt: true,
    names: ['explore'],
    args: ['--stalls', '2'],
  })
  expect(choice('release', ['pack', 'node', 'oauth2'])).toEqual({
    isBuilt: false,
    names: ['pack'],
    args: ['node', 'oauth2'],
  })
})

test('without a name, check runs all, and a command of one program that one', () => {
  expect(choice('check', [])?.names).toEqual(Object.keys(commands['check'] ?? {}))
  expect(choice('faults', ['--only', 'redis'])).toEqual({ isBuilt: false, names: [''], args: ['--only', 'redis'] })
  expect(choice('release', ['--built'])).toEqual({ isBuilt: true, names: [''], args: [] })
})

test('what is not in the table runs nothing', () => {
  for (const words of [['lynt'], ['--update'], ['toString'], ['--built', 'lynt']])
    expect(choice('check', words)).toBeUndefined()
  expect(choice('release', ['pakc'])).toBeUndefined()
  expect(choice('proof', [])).toBeUndefined()
  expect(choice('prove', [])).toBeUndefined()
})

test('where nothing is chosen it says what there is, and fails', () => {
  const { status, stderr } = run('proof')
  expect([status, stderr]).toEqual([2, usage('proof')])
  for (const name of Object.keys(commands['proof'] ?? {})) expect(stderr).toContain(`npm run proof ${name} `)
  const help = run('proof', '--help')
  expect([help.status, help.stdout]).toEqual([0, usage('proof')])
})

test('a program gets its arguments, and its exit code is the one of the command', () => {
  expect(run('check', '--built', 'errors')).toMatchObject({ status: 0, stdout: '' })
  const { status, stderr } = run('proof', '--built', 'explore', '--stalls', 'two')
  expect(status).toBe(2)
  expect(stderr).toContain('--stalls is a whole number')
})

/** Files in which somebody may be told of a command, as paths from the root. */
const texts = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap(({ name }) => {
    const path = join(folder, name)
    if (/^(?:node_modules|dist|bin|releases|\.vitepress)$|\.(?:tgz|gz|svg|png)$/.test(name)) return []
    return statSync(join(root, path)).isDirectory() ? texts(path) : [path]
  })

test('every command that is named anywhere is there', () => {
  const named = [
    ...['.ci', '.github', 'docs', 'packages'].flatMap(texts),
    'README.md',
    'CONTRIBUTING.md',
    'jest.config.ts',
  ]
  const wrong = named
    .filter((path) => !path.endsWith('run.test.ts'))
    .flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/npm run ([\w-]+)(?: (?!--)(\w[\w-]*))?/g)]
        .filter(([, command = '', name = '']) => {
          const of = commands[command]
          return of === undefined
            ? scripts[command] === undefined
            : !(name in of) && !(name === '' && command in scripts)
        })
        .map(([text]) => `${path}: ${text}`),
    )
  expect(wrong).toEqual([])
})
