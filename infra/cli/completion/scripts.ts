// The completion scripts. They know nothing of our commands: they ask `transship __complete -- <words>` at every Tab.
export type Shell = 'bash' | 'zsh' | 'fish';

// https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
const BASH = `# bash completion for transship
_transship() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]#=}"))
      return
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _transship transship
`;

// https://zsh.sourceforge.io/Doc/Release/Completion-System.html
const ZSH = `#compdef transship
_transship() {
  local line word
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    word=\${\${line%%$'\\t'*}//:/\\\\:}
    [[ $line == *$'\\t'* ]] && word+=":\${line#*$'\\t'}"
    candidates+=("$word")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe transship candidates
}
if [[ $funcstack[1] == _transship ]]; then _transship "$@"; else compdef _transship transship; fi
`;

// https://fishshell.com/docs/current/cmds/complete.html
const FISH = `# fish completion for transship
function __transship_complete
  set -l words (commandline --tokenize --current-process --cut-at-cursor)
  set -l current (commandline --current-token --cut-at-cursor)
  for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$current"
    else
      echo -- $line
    end
  end
end
complete --command transship --no-files --arguments '(__transship_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
