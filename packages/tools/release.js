// Publishes the packages whose version is not on the registry yet, each after those it needs, and tags them. With --dry-run it only
// shows what would go out; with --files as well, each file.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { isPlaceholder } from './home.js'
import { pack } from './pack.js'
import { root } from './published.js'

// What it does not know ends it: a slip of the fingers publishes nothing.
const { 'dry-run': isDry, files: showsFiles } = parseArgs({
  options: { 'dry-run': { type: 'boolean' }, files: { type: 'boolean' } },
}).values

/** @param {readonly string[]} args */
const npm = (...args) => spawnSync('npm', [...args], { cwd: root, encoding: 'utf8' })

/**
 * @param {readonly import('./pack.js').Packed[]} all
 * @returns {readonly import('./pack.js').Packed[]} each after those that it needs
 */
const inOrder = (all) => {
  /** @type {import('./pack.js').Packed[]} */
  const sorted = []
  /** @param {import('./pack.js').Packed} one */
  const visit = (one) => {
    if (sorted.includes(one)) return
    const { dependencies = {}, peerDependencies = {} } = one.manifest
    for (const other of all)
      if (other !== one && other.manifest.name in { ...dependencies, ...peerDependencies }) visit(other)
    sorted.push(one)
  }
  for (const one of all) visit(one)
  return sorted
}

/**
 * How many files are in each folder.
 * @param {readonly string[]} files
 */
const folders = (files) => {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const file of files) {
    const parts = dirname(file).split('/').slice(0, 2).join('/')
    const place = parts === '.' ? file : `${parts}/`
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  return [...counts].sort().map(([place, count]) => (place.endsWith('/') ? `${place} (${count})` : place))
}

/** @param {import('./pack.js').Packed} packed */
const show = ({ tarball, files, manifest }) => {
  const { name, version, description, homepage, repository, dependencies = {}, peerDependencies = {} } = manifest
  const kilobytes = Math.ceil(statSync(tarball).size / 1_000)
  console.log(`\n${name} ${version}: ${description}`)
  console.log(`  ${basename(tarball)}, ${kilobytes} kB, ${files.length} files`)
  console.log(`  ${showsFiles ? [...files].sort().join('\n  ') : folders(files).join(', ')}`)
  console.log(`  from ${repository?.directory} of ${repository?.url}; ${homepage}`)
  const needs = Object.entries(dependencies).map(([of, range]) => `${of} ${range}`)
  const peers = Object.entries(peerDependencies).map(([of, range]) => `${of} ${range} (peer)`)
  console.log(`  needs ${[...needs, ...peers].join(', ') || 'nothing'}`)
}

/** @param {string[]} reasons */
const refuse = (...reasons) => {
  for (const reason of reasons) console.error(reason)
  process.exitCode = 1
}

const notes = readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md')
const obstacles = [
  ...(isPlaceholder ? ['The owner in `repository` of package.json is a placeholder: put your name there.'] : []),
  ...(notes.length > 0 ? [`${notes.length} change notes wait: npx changeset version, and commit.`] : []),
]

const folder = mkdtempSync(join(tmpdir(), 'release-'))
try {
  const packed = inOrder(pack(folder))
  if (isDry) {
    for (const one of packed) show(one)
    console.log(`\n${packed.length} packages would go out, in this order. Nothing was sent.`)
    for (const obstacle of obstacles) console.log(`Before that: ${obstacle}`)
  } else if (obstacles.length > 0) refuse(...obstacles)
  else {
    for (const { tarball, manifest } of packed) {
      const { name, version } = manifest
      const found = npm('view', `${name}@${version}`, 'version')
      if (found.status === 0 && found.stdout.trim() === version) {
        console.log(`${name} ${version} is there already`)
        continue
      }
      execFileSync('npm', ['publish', tarball, '--access', 'public'], { cwd: root, stdio: 'inherit' })
    }
    execFileSync('npx', ['changeset', 'tag'], { cwd: root, stdio: 'inherit' })
  }
} finally {
  rmSync(folder, { recursive: true })
}
