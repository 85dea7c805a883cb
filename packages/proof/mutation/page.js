// The page that tells the result of mutation testing, from Stryker's report and the reasons for what survived.

/**
 * What is looked at of a report in the schema of mutation-testing-report-schema.
 *
 * @typedef {{ readonly line: number, readonly column: number }} Position
 * @typedef {object} Mutant
 * @property {string} mutatorName
 * @property {string} [replacement]
 * @property {string} status
 * @property {string} [statusReason]
 * @property {{ readonly start: Position, readonly end: Position }} location
 * @typedef {{ readonly files: Readonly<Record<string, { readonly source: string, readonly mutants: ReadonlyArray<Mutant> }>> }} Report
 */

/**
 * A mutant by what it changes: it keeps its name when lines move.
 *
 * @typedef {object} Name
 * @property {string} file
 * @property {string} line the line where it begins
 * @property {string} mutator
 * @property {string} original
 * @property {string} replacement
 *
 * @typedef {{ readonly reason: string, readonly mutants: ReadonlyArray<Name> }} Explained why some mutants survive
 * @typedef {{ readonly name: Name, readonly at: number }} Survivor
 * @typedef {{ readonly detected: number, readonly undetected: number, readonly ignored: number }} Count
 */

/** The least score of a package. */
export const LEAST = 90

const oneLine = (/** @type {string} */ text) => text.replace(/\s+/g, ' ').trim()

/**
 * @param {string} source
 * @param {Mutant['location']} location
 */
const cut = (source, { start, end }) => {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  return lines
    .map((line, i) => (i === lines.length - 1 ? line.slice(0, end.column - 1) : line))
    .map((line, i) => (i === 0 ? line.slice(start.column - 1) : line))
    .join('\n')
}

/**
 * Those that no test notices.
 *
 * @param {Report} report
 * @returns {ReadonlyArray<Survivor>}
 */
export const survivorsOf = ({ files }) =>
  Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ mutatorName, replacement = '', location }) => ({
        at: location.start.line,
        name: {
          file,
          line: oneLine(source.split('\n')[location.start.line - 1] ?? ''),
          mutator: mutatorName,
          original: oneLine(cut(source, location)),
          replacement: oneLine(replacement),
        },
      })),
  )

const keyOf = (/** @type {Name} */ { file, line, mutator, original, replacement }) =>
  JSON.stringify([file, line, mutator, original, replacement])

/**
 * What has no reason, and reasons for what does not survive.
 *
 * @param {ReadonlyArray<Survivor>} survivors
 * @param {ReadonlyArray<Explained>} reasons
 */
export const judge = (survivors, reasons) => {
  const explained = new Set(reasons.flatMap(({ mutants }) => mutants.map(keyOf)))
  const found = new Set(survivors.map(({ name }) => keyOf(name)))
  return {
    unexplained: survivors.filter(({ name }) => !explained.has(keyOf(name))),
    stale: reasons.flatMap(({ mutants }) => mutants.filter((name) => !found.has(keyOf(name)))),
  }
}

/**
 * @param {ReadonlyArray<Mutant>} mutants
 * @returns {Count}
 */
const count = (mutants) => {
  const of = (/** @type {ReadonlyArray<string>} */ ...statuses) =>
    mutants.filter(({ status }) => statuses.includes(status)).length
  return {
    detected: of('Killed', 'Timeout'),
    undetected: of('Survived', 'NoCoverage'),
    ignored: of('Ignored'),
  }
}

const scoreOf = (/** @type {Count} */ { detected, undetected }) =>
  detected + undetected === 0 ? 100 : (100 * detected) / (detected + undetected)

/**
 * The packages with their scores, in per cent.
 *
 * @param {Report} report
 */
export const scores = ({ files }) => {
  const names = [...new Set(Object.keys(files).map((file) => file.split('/')[1] ?? ''))].sort()
  return names.map((name) => {
    const own = Object.entries(files).filter(([file]) => file.startsWith(`packages/${name}/`))
    return {
      name,
      files: own
        .map(([file, { mutants }]) => ({ file: file.split('/').slice(3).join('/'), ...count(mutants) }))
        .filter(({ detected, undetected, ignored }) => detected + undetected + ignored > 0)
        .sort((a, b) => (a.file < b.file ? -1 : 1)),
      ...count(own.flatMap(([, { mutants }]) => mutants)),
    }
  })
}

export const percentOf = (/** @type {Count} */ counts) => `${scoreOf(counts).toFixed(1)} %`
export const isEnough = (/** @type {Count} */ counts) => scoreOf(counts) >= LEAST

const code = (/** @type {string} */ text) => {
  const short = text.length > 100 ? `${text.slice(0, 60)} … ${text.slice(-30)}` : text
  return `<code>${short
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/\|/g, '&#124;')
    .replace(/([*_`~\\[\]])/g, '\\$1')}</code>`
}

/**
 * @param {ReadonlyArray<string>} head
 * @param {ReadonlyArray<ReadonlyArray<string | number>>} rows
 */
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const cells = (/** @type {Count} */ counts) => [
  counts.detected + counts.undetected,
  counts.detected,
  counts.undetected,
  counts.ignored,
  percentOf(counts),
]

/**
 * @param {Report} report
 * @param {ReadonlyArray<Explained>} reasons
 * @param {string} preface
 */
export const page = (report, reasons, preface) => {
  const survivors = survivorsOf(report)
  const packages = scores(report)
  const ignored = new Map()
  for (const { mutants } of Object.values(report.files)) {
    for (const { status, statusReason = '' } of mutants) {
      if (status === 'Ignored') ignored.set(statusReason, (ignored.get(statusReason) ?? 0) + 1)
    }
  }
  return [
    preface.trim(),
    '## Scores',
    table(
      ['package', 'mutants', 'noticed', 'survived', 'left out', 'score'],
      packages.map(({ name, ...counts }) => [name, ...cells(counts)]),
    ),
    ...packages.flatMap(({ name, files }) => [
      `### ${name}`,
      table(
        ['file', 'mutants', 'noticed', 'survived', 'left out', 'score'],
        files.map(({ file, ...counts }) => [file, ...cells(counts)]),
      ),
    ]),
    '## Left out',
    table(['why', 'mutants'], [...ignored].sort()),
    '## What survived, and why',
    ...reasons.flatMap(({ reason, mutants }) => {
      const keys = new Set(mutants.map(keyOf))
      const rows = survivors
        .filter(({ name }) => keys.has(keyOf(name)))
        .map(({ name: { file, original, replacement }, at }) => [
          `[${file
            .split('/')
            .slice(1)
            .filter((part) => part !== 'src')
            .join('/')}:${at}](../${file}#L${at})`,
          code(original),
          code(replacement),
        ])
      return rows.length === 0 ? [] : [`**${reason}**`, table(['place', 'instead of', 'there is'], rows)]
    }),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}
