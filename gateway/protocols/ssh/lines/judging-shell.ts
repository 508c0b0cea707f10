/**
 * What the gateway alone sends to a judging shell: from a client it is taken out. It stands nowhere in UTF-8 (RFC 3629), and is no letter of Latin-1,
 * of which `stty iuclc` could make it.
 */
export const reservedByte = 0xf7;
const reserved = reservedByte.toString(8);

/**
 * A bash that runs no line of its own accord. It is started in place of the login's shell, with none of the login's files, and asks for each line:
 *
 * - every function of readline that runs something, or could switch to a map of keys in which one does, is taken off all keys; what stays is a list
 * - Enter (`\r`, `\n`) calls `__sallyport_judge`, which prints a mark with the line and a fresh secret, and waits for an answer that has the
 *   secret in it, between two bytes that only the gateway sends (`reservedByte`). Nobody else can give one, though they had read the secret from
 *   the terminal: the mark goes to the gateway, and the terminal's input comes from the gateway. Without a secret nothing runs
 * - the answer holds the line that was judged, and only the very same line runs: programs can have the terminal swallow or change letters of
 *   what the gateway sends (`stty intr x noflsh`)
 * - only then the key that accepts a line is bound, and it is unbound before anything else is read. Its name begins with the byte that nobody else
 *   can type
 * - variables by which bash would find other programs, run code at a prompt or read lines otherwise cannot be changed; aliases and `!` are off
 *
 * Marks are `ESC ] 5379 ; kind ; fields BEL`: an operating system command that no terminal knows. Texts are code points in hex, so that no control character
 * gets into a mark. bash 5: `bash(1)`, READLINE and SHELL BUILTIN COMMANDS.
 */
export const judgingShell =
  `exec env -i HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME" SHELL="$SHELL" PATH="$PATH" TERM="$TERM" \
LC_ALL=C.UTF-8 INPUTRC=/dev/null bash --noprofile --rcfile /dev/fd/3 -i 3<<'SALLYPORT'
`.concat(String.raw`
__sallyport_unfit() {
  printf '\e]5379;unfit;%s\a' "$1"
  exit 126
}
((BASH_VERSINFO[0] >= 5)) || __sallyport_unfit "bash $BASH_VERSION is older than 5"
[[ -o emacs && $- == *i* && -t 0 && -t 1 ]] || __sallyport_unfit 'bash does not edit lines here'
x=é
((${'$'}{#x} == 1)) || __sallyport_unfit 'the locale C.UTF-8 is not there'
unset x
[[ -r /proc/sys/kernel/random/uuid ]] || __sallyport_unfit 'there is no /proc/sys/kernel/random/uuid'
set +H
shopt -u expand_aliases progcomp
bind 'set bind-tty-special-chars off'
bind 'set convert-meta off'
bind 'set input-meta on'
bind 'set output-meta on'
bind 'set keymap emacs'
bind 'set enable-bracketed-paste on'
__sallyport_setup() {
  local f m k
  for m in emacs-standard emacs-meta emacs-ctlx vi-insert vi-command; do
    while read -r f; do
      case $f in
        self-insert | backward-* | beginning-of-line | end-of-line | forward-char | forward-word | forward-byte | forward-search-history) ;;
        kill-* | unix-* | yank* | previous-history | next-history | beginning-of-history | end-of-history | reverse-search-history) ;;
        history-search-* | complete* | possible-* | menu-complete* | undo | revert-line | transpose-* | upcase-word | downcase-word) ;;
        capitalize-word | clear-screen | clear-display | redraw-current-line | refresh-line | abort | delete-char) ;;
        delete-horizontal-space | bracketed-paste-begin | digit-argument | universal-argument | set-mark | exchange-point-and-mark) ;;
        character-search* | do-lowercase-version | skip-csi-sequence | next-screen-line | previous-screen-line) ;;
        *) bind -m "$m" -u "$f" ;;
      esac
    done < <(bind -l)
  done
  read -r k </proc/sys/kernel/random/uuid
  k="\\${reserved}$k"
  eval '__sallyport_judge() {
    bind "\"'"$k"'2\": \"\""
    local IFS=" " q a text left="" line="$READLINE_LINE"
    read -r q </proc/sys/kernel/random/uuid
    if [[ $q != ????????-????-????-????-???????????? ]]; then
      printf "%s%s\nsallyport: not run: there is no secret to ask with; open another shell\n" "${'$'}{PS1@P}" "$line"
      READLINE_LINE=""
      return
    fi
    __sallyport_hex "$line"
    trap "" INT QUIT TSTP
    printf "\e]5379;line;%s;%s;%s\a" "$q" "$__sallyport_open" "$text"
    while IFS= read -rsd $'"'\\${reserved}'"' a; do
      [[ $a == "$q "* ]] && break
      left+=$a
    done
    trap - INT QUIT TSTP
    case $a in
      "$q run "*)
        printf -v a %b "${'$'}{a#"$q run "}"
        if [[ $a == "$line" ]]; then
          __sallyport_open=0
          bind "\"'"$k"'2\": accept-line"
        else
          printf "%s%s\nsallyport: not run: the terminal changes what the gateway answers; open another shell\n" "${'$'}{PS1@P}" "$line"
          READLINE_LINE=""
        fi
        ;;
      *)
        printf "%s%s\n" "${'$'}{PS1@P}" "$line"
        READLINE_LINE=""
        ;;
    esac
    __sallyport_hex "$left"
    printf "\e]5379;done;%s;%s\a" "$q" "$text"
  }
  __sallyport_prompt() {
    __sallyport_open=1
    bind "\"'"$k"'2\": \"\""
  }'
  for m in emacs-standard vi-insert vi-command; do
    bind -m "$m" -x "\"${'$'}{k}1\": __sallyport_judge"
    bind -m "$m" "\"\\C-m\": \"${'$'}{k}1${'$'}{k}2\""
    bind -m "$m" "\"\\C-j\": \"${'$'}{k}1${'$'}{k}2\""
  done
}
__sallyport_hex() {
  local i n
  text=
  for ((i = 0; i < ${'$'}{#1}; i++)); do
    printf -v n %x "'${'$'}{1:i:1}"
    text+=$n,
  done
}
__sallyport_setup
unset -f __sallyport_setup __sallyport_unfit
unset HISTFILE MAILCHECK TMOUT
PROMPT_COMMAND=__sallyport_prompt PS0= PS1='\u@\h:\w\$ ' PS2='> ' PS4='+ '
readonly HOME USER LOGNAME SHELL TERM
readonly PROMPT_COMMAND PS0 PS1 PS2 PS4 PATH LC_ALL INPUTRC ENV BASH_ENV LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT HISTFILE HISTCONTROL HISTIGNORE
readonly HISTTIMEFORMAT MAIL MAILPATH MAILCHECK TMOUT POSIXLY_CORRECT BASH_COMPAT BASH_LOADABLES_PATH BASH_CMDS BASH_ALIASES EXECIGNORE GLOBIGNORE CDPATH
readonly FIGNORE HOSTFILE IGNOREEOF FUNCNEST COMP_WORDBREAKS PROMPT_DIRTRIM BASH_XTRACEFD histchars auto_resume
readonly -f __sallyport_judge __sallyport_hex __sallyport_prompt
exec 3<&-
printf '\e]5379;ready\a'
SALLYPORT`);
