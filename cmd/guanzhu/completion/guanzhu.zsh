#compdef guanzhu
_guanzhu() {
  local -a found
  found=("${(@f)$("${words[1]}" candidates -- "${(@)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\:/g' -e 's/'$'\t''/:/')}")
  if [[ -n "$found" ]]; then
    _describe 'guanzhu' found
  else
    _files
  fi
}
compdef _guanzhu guanzhu
