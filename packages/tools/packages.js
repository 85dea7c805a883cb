// Checks the tarballs that would be published: what is in them, publint, are-the-types-wrong.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { relinked } from './links.js'
import { pack } from './pack.js'

const attw = join(
  dirname(createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')),
  'dist',
  'index.js',
)

/** What a registry's page shows of a package. */
const SHOWN = /** @type {const} */ (['description', 'keywords', 'author', 'homepage', 'repository', 'bugs'])

/**
 * A package that has been through `changeset version` has a CHANGELOG.md, and it is published with it.
 * @param {import('./pack.js').Packed} packed
 * @returns {readonly string[]} what is wrong with the files and the manifest
 */
const contents = ({ package: { folder, short, manifest: before }, tarball, files, manifest }) => {
  const changes = existsSync(join(folder, 'CHANGELOG.md')) ? ['CHANGELOG.md'] : []
  const problems = ['LICENSE', 'README.md', 'package.json', ...changes]
    .filter((file) => !files.includes(file))
    .map((file) => `${file} is missing`)
  problems.push(...SHOWN.filter((member) => manifest[member] === undefined).map((member) => `it has no ${member}`))
  if ((before.keywords ?? []).length === 0) problems.push('it has no keywords of its own')
  if (manifest.repository?.directory !== `packages/${short}`) problems.push('its repository is another folder')
  const readme = execFileSync('tar', ['-xzOf', tarball, 'package/README.md'], { encoding: 'utf8' })
  relinked(readme, 'README.md', (path) => {
    problems.push(`its README leads to ${path}, which is relative`)
    return path
  })
  for (const file of files) {
    const source = /^dist\/(?:esm\/|cjs\/|module\/)?(.*?)(?:\.d\.ts|\.js\.map|\.js)$/.exec(file)?.[1]
    const expected =
      ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json', 'dist/cjs/package.json'].includes(file) ||
      /^(?:bin|completions)\//.test(file)
    if (!expected && (source === undefined || !existsSync(join(folder, 'src', `${source}.ts`))))
      problems.push(`${file} has no source`)
  }
  // Ours are released together; of others' an application has one copy, and brings it up to date itself.
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    const expected = name.startsWith('@tessera/') ? /^\d+\.\d+\.\d+$/ : /^\^\d+\.\d+\.\d+$/
    if (!expected.test(range)) problems.push(`depends on ${name} ${range} (${before.dependencies?.[name]})`)
  }
  return problems
}

/** @param {import('./pack.js').Packed} packed */
const check = async (packed) => {
  const { messages, pkg } = await publint({
    pack: { tarball: Uint8Array.from(readFileSync(packed.tarball)).buffer },
    strict: true,
  })
  const problems = [
    ...contents(packed),
    ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
  ]
  if (packed.manifest.exports?.['.'] !== undefined) {
    const ran = spawnSync(process.execPath, [attw, packed.tarball, '--profile', 'node16', '--no-emoji', '--no-color'], {
      encoding: 'utf8',
    })
    if (ran.status !== 0) problems.push(`are-the-types-wrong:\n${ran.stdout}${ran.stderr}`)
  }
  for (const problem of problems) console.error(`${packed.package.short}: ${problem}`)
  return problems.length
}

const folder = mkdtempSync(join(tmpdir(), 'packages-'))
try {
  const packed = pack(folder)
  let count = 0
  for (const one of packed) count += await check(one)
  console.log(count === 0 ? `${packed.length} packages are as they should be` : `${count} problems`)
  process.exitCode = count === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
