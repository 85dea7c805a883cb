# Completion of bash, from the 3.2 of macOS on: eval "$(tessera completion bash)"
_tessera() {
  local line="${COMP_LINE:0:COMP_POINT}" current before candidate file
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current="${words[${#words[@]}-1]}"
  # What is before the last of the characters that break words is no part of the word to bash.
  before="${current%"${current##*[$COMP_WORDBREAKS]}"}"
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [[ $candidate == ':files' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "${current##*=}")
    else
      COMPREPLY+=("${candidate#"$before"}")
    fi
  done < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _tessera tessera
