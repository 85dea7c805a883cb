// Builds the site into `dist`; with --check, opens each page of it in Chromium.
import { build } from 'vitepress'
import { writePages } from './pages.js'
import { writeReference } from './reference.js'

const arguments_ = process.argv.slice(2)
if (!arguments_.includes('--no-build')) {
  writePages()
  await writeReference()
  await build(new URL('..', import.meta.url).pathname)
}
if (arguments_.includes('--check')) {
  const { check } = await import('./check.js')
  process.exitCode = (await check()) === 0 ? 0 : 1
}
