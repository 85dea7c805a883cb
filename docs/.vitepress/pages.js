// Writes the pages of the site into the folder `pages`, out of the files of the repository: with links that lead to pages where there is
// one, and to the repository otherwise, and with pictures that follow the light or the dark theme.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderMermaidSVG } from 'beautiful-mermaid'
import { messagesOf } from '../../packages/tools/errors.js'
import { inRepository } from '../../packages/tools/home.js'
import { relinked } from '../../packages/tools/links.js'
import { root } from '../../packages/tools/published.js'
import { addressOf, sources } from './contents.js'

export const place = join(dirname(fileURLToPath(import.meta.url)), 'pages')

/** Without styles of its own: those of the theme know whether it is dark. */
const bare = (/** @type {string} */ svg) =>
  svg
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/\n\s*/g, ' ')
    .trim()

let pictures = 0

/** @param {string} code */
const diagram = (code) => {
  const id = `arrow-${pictures++}`
  const svg = bare(renderMermaidSVG(code, { transparent: true }))
    .replace(/ style="--bg[^"]*"/, '')
    .replaceAll('arrowhead-start', `${id}-start`)
    .replaceAll('arrowhead', id)
  const words = [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text = '']) => text.replaceAll(/<[^>]*>/g, ' '))
  return figure(svg, 'diagram', `A diagram: ${words.join(', ').replaceAll(/\s+/g, ' ').replaceAll('"', '')}`)
}

/**
 * @param {string} svg
 * @param {string} name
 * @param {string} label
 */
const figure = (svg, name, label) =>
  `<figure class="${name}" tabindex="0" role="group" aria-label="${label.slice(0, 60)}" v-pre>${svg.replace('<svg ', `<svg role="img" aria-label="${label}" `)}</figure>`

/** @param {string} tag */
const messages = (tag) => {
  const list = messagesOf(tag)
  return list.length === 0
    ? ''
    : ['::: details Messages', '`…` stands for what the program puts in.', '', ...list, ':::'].join('\n')
}

/** @param {string} source */
const pageOf = (source) => {
  const text = readFileSync(join(root, source), 'utf8')
    .replaceAll(/^```mermaid\n(.*?)\n```$/gms, (_, code) => diagram(code))
    .replaceAll(/^!\[([^\]]*)\]\((charts\/\w+\.svg)\)$/gm, (_, label, file) =>
      figure(bare(readFileSync(join(root, dirname(source), file), 'utf8')), 'chart', label),
    )
    .replaceAll(/^<!-- messages: (\w+) -->$/gm, (_, tag) => messages(tag))
    // What a fence is for the tests says nothing to a reader.
    .replaceAll(/^```ts (?:sandbox|no-run).*$/gm, '```ts')
    .replaceAll(/^```js (?:jest|vitest|node:test)$/gm, '```js')
  return relinked(text, source, (path, hash) => {
    if (!existsSync(join(root, path))) throw new Error(`${source} leads to ${path}, which is not there`)
    const page = [path, `${path}.md`, `${path}/README.md`].find((file) => sources.includes(file))
    return page === undefined ? inRepository(path) + hash : addressOf(page) + hash
  })
}

export const writePages = () => {
  rmSync(place, { recursive: true, force: true })
  for (const source of sources) {
    const file = posix.join(place, `${addressOf(source)}.md`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, pageOf(source))
  }
}
