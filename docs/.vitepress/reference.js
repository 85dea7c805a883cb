// Writes the reference of each library into `pages/reference`, by TypeDoc, from the built types.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { surfaceOptions } from '../../packages/tools/compilerOptions.js'
import { slugOf } from '../../packages/tools/links.js'
import { libraries } from '../../packages/tools/published.js'
import { place } from './pages.js'

const here = dirname(fileURLToPath(import.meta.url))
const entries = join(here, 'cache', 'reference')

/**
 * The entry point of a package for readers: a companion, `const X: typeof Module` beside a type of the same name, is the namespace that it
 * stands for.
 * @param {import('../../packages/tools/published.js').Published} published
 */
const entryOf = ({ folder, short }) => {
  const types = join(folder, 'dist', 'esm')
  const text = readFileSync(join(types, 'index.d.ts'), 'utf8')
  const modules = new Map(
    [...text.matchAll(/^import \* as (\w+) from '(.*)';$/gm)].map(([, name = '', from = '']) => [name, from]),
  )
  const namespaces = text
    .replaceAll(
      /(?:\/\*\*(?:(?!\*\/).)*\*\/\n)?export type (\w+)(?:<[^;=]*>)? = (\w+)\.\1(?:<[^;]*>)?;\n/gs,
      (all, _, of) => (modules.has(of) ? '' : all),
    )
    .replaceAll(/export declare const (\w+): typeof (\w+);/g, (all, name, of) =>
      modules.has(of) ? `export * as ${name} from '${modules.get(of)}';` : all,
    )
  const file = join(entries, `${short}.d.ts`)
  writeFileSync(
    file,
    namespaces.replaceAll(/ from '\.\//g, ` from '${relative(entries, types).replaceAll('\\', '/')}/`),
  )
  return file
}

/** TypeDoc numbers a heading whose name is there twice when the case is ignored, also where both are on different pages. */
const unnumbered = (/** @type {string} */ folder) => {
  const texts = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')]),
  )
  /** @type {(file: string, slug: string) => boolean} */
  const isTwice = (file, slug) =>
    [...(texts.get(file) ?? '').matchAll(/^#+ (.*)$/gm)].filter(([, heading = '']) => slugOf(heading) === slug).length >
    1
  for (const [file, text] of texts)
    writeFileSync(
      file,
      text.replaceAll(/\]\(([^)#\s]*)#([\w-]+)-(\d+)\)/g, (link, /** @type {string} */ path, slug) =>
        isTwice(path === '' ? file : join(dirname(file), path), slug) ? link : `](${path}#${slug})`,
      ),
    )
}

export const writeReference = async () => {
  rmSync(entries, { recursive: true, force: true })
  mkdirSync(entries, { recursive: true })
  writeFileSync(
    join(entries, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...surfaceOptions, types: [] }, include: ['*.d.ts'] }),
  )
  const app = await Application.bootstrapWithPlugins({
    name: 'Reference',
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: libraries.map(entryOf),
    tsconfig: join(entries, 'tsconfig.json'),
    out: join(place, 'reference'),
    skipErrorChecking: true,
    excludeExternals: false,
    excludeInternal: true,
    disableSources: true,
    readme: 'none',
    hideGenerator: true,
    githubPages: false,
    logLevel: 'Warn',
    validation: { notExported: false, invalidLink: false, notDocumented: false, rewrittenLink: false },
    // Of typedoc-plugin-markdown.
    ...{
      entryFileName: 'index',
      hidePageHeader: true,
      hideBreadcrumbs: true,
      outputFileStrategy: 'modules',
      useCodeBlocks: true,
      expandObjects: true,
      sanitizeComments: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'list',
    },
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('TypeDoc found nothing')
  await app.generateOutputs(project)
  unnumbered(join(place, 'reference'))
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('TypeDoc warned')
}
