// Writes docs/mutation.md. Fails where a mutant survived without a reason, and where a package's score is too low.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isEnough, judge, LEAST, page, percentOf, scores, survivorsOf } from './page.js'

const read = (/** @type {string} */ path) => readFileSync(new URL(path, import.meta.url), 'utf8')

const report = JSON.parse(read('../../../reports/stryker-incremental.json'))
const reasons = JSON.parse(read('reasons.json'))
const day = new Date().toISOString().slice(0, 10)
const preface = read('preface.md').replace('{day}', day)
writeFileSync(fileURLToPath(new URL('../../../docs/mutation.md', import.meta.url)), page(report, reasons, preface))

const { unexplained, stale } = judge(survivorsOf(report), reasons)
for (const { name, at } of unexplained) {
  process.stdout.write(`survived without a reason: ${name.file}:${at}\n  ${JSON.stringify(name)}\n`)
}
for (const { file, line, replacement } of stale) {
  process.stdout.write(`does not survive, but has a reason: ${file}: ${line} -> ${replacement}\n`)
}
const low = scores(report).filter((of) => !isEnough(of))
for (const of of low) process.stdout.write(`${of.name}: ${percentOf(of)}, which is less than ${LEAST} %\n`)
if (unexplained.length + stale.length + low.length > 0) process.exitCode = 1
