// Opens each page of the built site in Chromium, at the width of a phone and of a desktop, light and dark: axe finds nothing, no page is
// wider than its window, nothing fails to load, and every link leads somewhere. With pictures of each page in the folder that SHOTS names.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { chromium as programs } from '../../packages/tools/jest/tools.cjs'

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const base = process.env['DOCS_BASE'] || '/'

const WIDTHS = { phone: 360, desktop: 1280 }
/** @type {Readonly<Record<string, string>>} */
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', woff2: 'font/woff2' }

/** @param {string} path */
const fileOf = (path) => {
  const inside = decodeURIComponent(path).slice(base.length - 1)
  return [inside, `${inside}.html`, `${inside}index.html`]
    .map((name) => join(dist, name))
    .find((name) => /\.\w+$/.test(name) && existsSync(name))
}

const serve = async () => {
  const server = createServer(({ url = '/' }, response) => {
    const file = fileOf(new URL(url, 'http://x').pathname)
    if (file === undefined) return response.writeHead(404).end()
    const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
    return response.writeHead(200, { 'content-type': type }).end(readFileSync(file))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = server.address()
  return { server, origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

/** The links of a page that lead to a page or a heading that is not there. */
const deadLinks = () => {
  const pages = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.html') && name !== '404.html',
  )
  const texts = new Map(pages.map((name) => [name, readFileSync(join(dist, name), 'utf8')]))
  const ids = new Map(
    [...texts].map(([name, text]) => [name, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id))]),
  )
  /** @type {string[]} */
  const dead = []
  for (const [name, text] of texts)
    for (const [, href = ''] of new Set([...text.matchAll(/<a[^>]* href="([^"]+)"/g)].map((match) => match))) {
      if (/^\w+:/.test(href)) continue
      const url = new URL(href.replaceAll('&amp;', '&'), `http://x${base}${name}`)
      const file = fileOf(url.pathname)
      const hash = decodeURIComponent(url.hash.slice(1))
      if (file === undefined) dead.push(`${name}: ${href}`)
      else if (hash !== '' && ids.get(file.slice(dist.length + 1))?.has(hash) === false)
        dead.push(`${name}: ${href} (no such heading)`)
    }
  return { pages, dead: [...new Set(dead)] }
}

/** @returns {Promise<number>} how much is wrong */
export const check = async () => {
  const { pages, dead } = deadLinks()
  for (const link of dead) console.error(`a dead link: ${link}`)
  let problems = dead.length
  const only = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  const chosen = pages.filter((name) => only.length === 0 || only.some((word) => name.includes(word)))
  const shots = process.env['SHOTS']
  if (shots !== undefined) mkdirSync(shots, { recursive: true })

  const { server, origin } = await serve()
  const executablePath = programs()
  if (executablePath === undefined) throw new Error('Chromium is missing: apt-get install -y chromium')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    for (const [size, width] of Object.entries(WIDTHS)) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' })
      /** @type {string[]} */
      let failed = []
      page.on(
        'response',
        (response) => response.status() >= 400 && failed.push(`${response.status()} ${response.url()}`),
      )
      page.on('pageerror', (error) => failed.push(error.message))
      for (const name of chosen) {
        failed = []
        await page.goto(`${origin}${base}${name}`, { waitUntil: 'load' })
        await page.evaluate(axe)
        for (const theme of ['light', 'dark']) {
          await page.evaluate((dark) => document.documentElement.classList.toggle('dark', dark), theme === 'dark')
          const { wide, violations } = await page.evaluate(async () => ({
            wide: document.documentElement.scrollWidth - window.innerWidth,
            // @ts-expect-error axe is in the page.
            violations: (await axe.run(document, { resultTypes: ['violations'] })).violations.map(({ id, nodes }) => ({
              id,
              nodes: nodes.slice(0, 3).map((/** @type {{ html: string }} */ { html }) => html.slice(0, 160)),
              count: nodes.length,
            })),
          }))
          if (wide > 0) failed.push(`it is ${wide} pixels wider than its window (${theme})`)
          for (const { id, nodes, count } of violations)
            failed.push(`axe, ${theme}: ${id}, ${count} times, such as ${nodes.join(' ')}`)
          if (shots !== undefined)
            await page.screenshot({ path: join(shots, `${name.replaceAll(/[/.]/g, '-')}-${size}-${theme}.png`) })
        }
        for (const problem of failed) console.error(`${name}, ${size}: ${problem}`)
        problems += failed.length
      }
      await page.close()
    }
  } finally {
    await browser.close()
    server.close()
  }
  console.log(problems === 0 ? `${chosen.length} pages are as they should be` : `${problems} problems`)
  return problems
}
