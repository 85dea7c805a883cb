/** The units that `tessera serve --print-unit` prints, as those read them who are told. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { testWith } from '../../tools/jest/needs.js'
import { unitOf } from '../src/serve/units.js'

/** All that can be typed, and a line's end. */
const ODD = `${Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('')}\n€`

/** The files that a text of several is to be divided into, by the lines that name them. */
const filesOf = (text: string): ReadonlyArray<readonly [string, string]> =>
  [...text.matchAll(/^# ~\/\.config\/systemd\/user\/(\S+)\n([\s\S]*?)(?=^# )/gm)].map(([, name = '', unit = '']) => [
    name,
    unit,
  ])

/** The words of a command as systemd.service(5) reads them: C's escapes between quotes, `%%` and `$$`. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
    word
      .replaceAll('%%', '%')
      .replaceAll('$$', '$')
      .replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)),
  )

test("systemd's service runs the very words of the command", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom(...ODD) }), { minLength: 1 }), (words) => {
      const line = /^ExecStart=(.*)$/m.exec(unitOf('systemd', words))?.[1] ?? ''
      expect(wordsOf(line)).toEqual(words)
      // Each specifier and variable is escaped.
      expect(line.replaceAll('%%', '').replaceAll('$$', '')).not.toMatch(/[%$]/)
    }),
    { numRuns: 100 },
  )
})

testWith('systemd')('systemd finds nothing wrong with its units', () => {
  const folder = mkdtempSync(join(tmpdir(), 'units-'))
  const verified = (change: (unit: string) => string): string => {
    const files = filesOf(unitOf('systemd', [process.execPath, ODD, 'serve'])).map(([name, unit]) => {
      writeFileSync(join(folder, name), change(unit))
      return join(folder, name)
    })
    expect(files.length).toBe(2)
    const { stderr, error } = spawnSync('systemd-analyze', ['verify', '--user', ...files], {
      env: { PATH: process.env['PATH'], HOME: folder, XDG_RUNTIME_DIR: folder },
      encoding: 'utf8',
    })
    expect(error).toBeUndefined()
    return stderr
  }
  try {
    expect(verified((unit) => unit)).toBe('')
    expect(verified((unit) => unit.replace('SocketMode', 'SocketMod'))).toContain('SocketMod')
    expect(verified((unit) => unit.replace('on-failure', 'on-success-too'))).toContain('on-success-too')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

testWith('python3')("launchd's agent is a property list with the very words of the command", () => {
  const script = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'
  const { stdout, stderr } = spawnSync('python3', ['-c', script], {
    input: unitOf('launchd', ['/usr/bin/node', ODD, 'serve']),
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    Label: 'tessera.broker',
    ProgramArguments: ['/usr/bin/node', ODD, 'serve'],
    RunAtLoad: true,
    KeepAlive: true,
  })
})
