// Makes the tarballs that would be published.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { published } from './published.js'
import { stage } from './stage.js'

/**
 * @typedef {{ readonly package: import('./published.js').Published, readonly tarball: string,
 *   readonly files: readonly string[], readonly manifest: import('./published.js').Manifest }} Packed
 */

/** @param {readonly string[]} args */
const tar = (...args) => execFileSync('tar', [...args], { encoding: 'utf8' })

/**
 * @param {import('./published.js').Published} one
 * @param {string} place an empty folder
 * @param {string} destination
 * @returns {Packed}
 */
const packed = (one, place, destination) => {
  stage(one, join(place, 'package'))
  const { name, version } = one.manifest
  const tarball = join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  // Files of one name lie beside each other, whatever their folder: they are alike, and pack into half as much.
  const files = readdirSync(place, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(place, join(entry.parentPath, entry.name)))
    .sort((one, other) => basename(one).localeCompare(basename(other)) || one.localeCompare(other))
  writeFileSync(join(place, 'files'), files.join('\n'))
  tar('-czf', tarball, '-C', place, '-T', join(place, 'files'))
  return {
    package: one,
    tarball,
    files: tar('-tzf', tarball)
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith('/'))
      .map((line) => line.replace(/^package\//, '')),
    manifest: JSON.parse(tar('-xzOf', tarball, 'package/package.json')),
  }
}

/**
 * @param {string} destination a folder for the tarballs
 * @returns {readonly Packed[]}
 */
export const pack = (destination) => {
  mkdirSync(destination, { recursive: true })
  const stages = mkdtempSync(join(tmpdir(), 'stages-'))
  try {
    return published.map((one) => packed(one, join(stages, one.short), destination))
  } finally {
    rmSync(stages, { recursive: true })
  }
}
