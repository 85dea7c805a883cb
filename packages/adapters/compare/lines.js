// How many lines a mechanism takes: those of its function, and of the functions of the same file that it calls. Empty lines, comments and
// imports count for nobody, nor does what is the same with either mechanism.
import { readFileSync } from 'node:fs'

/** The statements of a file that begin `const NAME =`, by their names. */
const statementsIn = (text) => {
  const all = new Map()
  let name
  for (const line of text.split('\n')) {
    const begun = /^(?:export )?const (\w+) = /.exec(line)
    if (begun !== null) name = begun[1]
    else if (/^[^\s\])}]/.test(line)) name = undefined
    if (name !== undefined && !/^\s*(?:$|\/\/|\/?\*)/.test(line)) all.set(name, [...(all.get(name) ?? []), line])
  }
  return all
}

/** The lines of each function of a file. */
export const linesOf = (file) => {
  const all = statementsIn(readFileSync(new URL(file, import.meta.url), 'utf8'))
  const used = (name, seen = new Set([name])) => {
    const code = all.get(name).join('\n')
    for (const other of all.keys()) {
      if (seen.has(other) || !new RegExp(`\\b${other}\\(`).test(code)) continue
      seen.add(other)
      used(other, seen)
    }
    return seen
  }
  return (name) => [...used(name)].reduce((sum, each) => sum + all.get(each).length, 0)
}
