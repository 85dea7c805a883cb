// Programs that start often, each with all that it needs in a few files: to load hundreds of modules takes longer than to run
// them. What is bundled that is not ours has its licence in THIRD-PARTY.txt.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { packages, root } from './published.js'

/** @type {readonly { readonly package: string, readonly entries: Readonly<Record<string, string>> }[]} */
const bundles = [
  { package: 'cli', entries: { tessera: 'main.js', worker: 'demo/worker.js', keeper: 'demo/keeper.js' } },
  {
    package: 'trials',
    entries: {
      faults: 'faults/main.js',
      member: 'faults/workers/member.js',
      writer: 'faults/workers/writer.js',
      sqliteFiles: 'faults/sqliteFiles.js',
    },
  },
]

/**
 * @param {string} file
 * @returns {string | undefined} the folder of the package that it is of, unless that is ours
 */
const foreign = (file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]

/**
 * @param {readonly string[]} inputs
 * @returns {string}
 */
const licenses = (inputs) => {
  const folders = [...new Set(inputs.map(foreign))].filter((folder) => folder !== undefined)
  const texts = folders.map((folder) => {
    const name = folder.replace(/^.*node_modules\//, '')
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    /** @type {{ readonly license?: string }} */
    const { license = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return `${name}: ${license}\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return texts.sort().join(`\n${'-'.repeat(80)}\n\n`)
}

/**
 * Packages with a form for bundlers bring the ES modules of fp-ts and io-ts, the others ask for those of CommonJS: without this both
 * would be in the bundle.
 * @type {import('esbuild').Plugin}
 */
const oneFpTs = {
  name: 'one fp-ts',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /^(?:fp-ts\/lib\/|io-ts(?:\/lib\/|$))/ }, ({ path, importer, kind, resolveDir }) =>
      resolve(path === 'io-ts' ? 'io-ts/es6/index.js' : path.replace('/lib/', '/es6/'), { importer, kind, resolveDir }),
    )
  },
}

/** Makes `bin` of each. */
export const bundle = async () => {
  for (const { package: name, entries } of bundles) {
    const folder = join(packages, name)
    const outdir = join(folder, 'bin')
    if (existsSync(outdir)) rmSync(outdir, { recursive: true })
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(Object.entries(entries).map(([to, from]) => [to, join(folder, 'dist', from)])),
      outdir,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      metafile: true,
      // What is not there is not parsed at each start. Names stay, for who reads a stack.
      minifyWhitespace: true,
      plugins: [oneFpTs],
      // CommonJS modules among them ask for those of Node.js.
      banner: {
        js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
      },
    })
    writeFileSync(join(outdir, 'THIRD-PARTY.txt'), licenses(Object.keys(metafile.inputs)))
  }
}
