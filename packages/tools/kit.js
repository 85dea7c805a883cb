// Projects of users' own, from the tarballs alone: with Jest, with Vitest and with Node.js's runner, the laws accept the store of
// docs/testing.md, and reject it once it is broken, with a counterexample that is small and readable.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compilerOptions } from './compilerOptions.js'
import { attempt, tsc } from './projects.js'
import { root } from './published.js'

const page = readFileSync(join(root, 'docs', 'testing.md'), 'utf8')

/**
 * @param {RegExp} fence
 * @returns {string}
 */
const example = (fence) => {
  const code = fence.exec(page)?.[1]
  if (code === undefined) throw new Error(`docs/testing.md has no ${fence}`)
  return code
}

const store = example(/^```ts\n((?:(?!```)[\s\S])*export const myStore[\s\S]*?)^```$/m)
const CHECK = '      if ((row?.version ?? absent) !== expected) return conflict(stamped(row))\n'
const broken = store.replace(CHECK, '')
if (broken === store) throw new Error('the store of docs/testing.md does not look at the version')

/**
 * @typedef {{ readonly name: string, readonly needs: readonly string[], readonly manifest: object,
 *   readonly command: readonly string[] }} Runner
 * @type {readonly Runner[]}
 */
const runners = [
  {
    name: 'jest',
    needs: ['jest@30', '@swc/jest@0.2', '@swc/core@1'],
    manifest: { jest: { transform: { '\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }] } } },
    command: [join('node_modules', 'jest', 'bin', 'jest.js'), '--ci'],
  },
  {
    name: 'vitest',
    needs: ['vitest@3'],
    manifest: { type: 'module' },
    command: [join('node_modules', 'vitest', 'vitest.mjs'), 'run'],
  },
  { name: 'node:test', needs: [], manifest: { type: 'module' }, command: ['--test'] },
]

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 */
const node = (args, cwd) =>
  attempt(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' }, timeout: 60_000 })

/** A report: the law, the reason, and one or two calls. */
const REPORT = [
  /not so: what was written is there/,
  /because a write onto another version than the one that is there is committed/,
  /made smaller \d+ times:\s+process \d: write\(key \d onto \w+, \d+ characters\)\n/,
]

/** @param {Pick<import('./projects.js').Projects, 'step' | 'project' | 'install'> & { readonly tarballs: readonly string[] }} consumers */
export const kit = async ({ step, tarballs, project, install }) => {
  const compiled = project('store', { type: 'module' })
  await step('the store of docs/testing.md compiles against the tarballs', async () => {
    await install(compiled, [...tarballs, 'fast-check@4', '@types/node@20'])
    for (const [name, text] of Object.entries({ myStore: store, broken }))
      writeFileSync(join(compiled, `${name}.ts`), text)
    writeFileSync(
      join(compiled, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['myStore.ts', 'broken.ts'] }),
    )
    const { status, output } = await node([tsc, '-p', compiled], compiled)
    if (status !== 0) throw new Error(output)
  })
  for (const { name, needs, manifest, command } of runners) {
    const path = project(`kit-${name.replace(':', '-')}`, manifest)
    await step(`${name}: the laws accept a store of one's own, and reject it when it is broken`, async () => {
      await install(path, [...tarballs, 'fast-check@4', ...needs])
      writeFileSync(join(path, 'myStore.test.js'), example(new RegExp(`^\`\`\`js ${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm')))
      cpSync(join(compiled, 'myStore.js'), join(path, 'myStore.js'))
      const good = await node(command, path)
      if (good.status !== 0) throw new Error(good.output)
      cpSync(join(compiled, 'broken.js'), join(path, 'myStore.js'))
      const bad = await node(command, path)
      if (bad.status === 0 || !REPORT.every((line) => line.test(bad.output)))
        throw new Error(`it is not rejected as it must be:\n${bad.output}`)
    })
  }
}
