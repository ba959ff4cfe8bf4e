; Installer of the app for Windows, for one user and without an administrator. packaging/windows/installer.py runs makensis
; with these definitions: VERSION; NUMBERS, the version as four numbers; FOLDER, the built app; ICON; PICTURE, the bitmap
; of the first and last page; PUBLISHER; OUT, the file to write.

Unicode true
Target amd64-unicode
ManifestDPIAware true
ManifestSupportedOS Win10
ManifestLongPathAware true
RequestExecutionLevel user
; Every file is compressed alone: a solid archive would be unpacked to the disk as a whole before anything is installed.
SetCompressor lzma
SetCompressorDictSize 32
AllowSkipFiles off

!include MUI2.nsh
!include FileFunc.nsh

!define NAME "FineParser Studio"
!define TYPE "FineParser.Session"
!define CLASSES "Software\Classes"
!define OPEN_WITH "${CLASSES}\Applications\fineparser-gui.exe"
!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"

Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${ENTRY}" InstallLocation
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey FileDescription "${NAME} ${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "${PUBLISHER}"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${PICTURE}"
!define MUI_UNWELCOMEFINISHPAGE_BITMAP "${PICTURE}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\fineparser-gui.exe"
!define MUI_WELCOMEPAGE_TEXT "$(WELCOME)"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!define MUI_UNCONFIRMPAGE_TEXT_TOP "$(KEPT)"
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!define MUI_FINISHPAGE_TEXT "$(KEPT)"
!insertmacro MUI_UNPAGE_FINISH

; The first language is taken where none is the user's.
!macro Language LANGUAGE WELCOME SESSION RUNNING FOREIGN KEPT
  !insertmacro MUI_LANGUAGE "${LANGUAGE}"
  LangString WELCOME ${LANG_${LANGUAGE}} "${WELCOME}"
  LangString SESSION ${LANG_${LANGUAGE}} "${SESSION}"
  LangString RUNNING ${LANG_${LANGUAGE}} "${RUNNING}"
  LangString FOREIGN ${LANG_${LANGUAGE}} "${FOREIGN}"
  LangString KEPT ${LANG_${LANGUAGE}} "${KEPT}"
!macroend
!define DATA "$LOCALAPPDATA\fineparser"
!insertmacro Language English \
  "FineParser Studio is installed for your user account alone, which needs no administrator.$\r$\n$\r$\nAn older version is replaced. What you made with it stays." \
  "FineParser session" \
  "FineParser Studio or its command line is running. Close it, then retry." \
  "The folder $INSTDIR holds another program. Choose another folder." \
  "What you made is kept: settings, exemplars and unsaved work stay in ${DATA}. Delete that folder to remove them as well."
!insertmacro Language German \
  "FineParser Studio wird nur für Ihr Benutzerkonto installiert; dafür braucht es keinen Administrator.$\r$\n$\r$\nEine ältere Version wird ersetzt. Was Sie damit gemacht haben, bleibt." \
  "FineParser-Sitzung" \
  "FineParser Studio oder seine Befehlszeile läuft noch. Beenden Sie das Programm und versuchen Sie es noch einmal." \
  "Der Ordner $INSTDIR enthält ein anderes Programm. Wählen Sie einen anderen Ordner." \
  "Was Sie gemacht haben, bleibt erhalten: Einstellungen, Vergleichssprünge und ungesicherte Arbeit bleiben in ${DATA}. Löschen Sie diesen Ordner, um auch sie zu entfernen."
!insertmacro Language French \
  "FineParser Studio est installé pour votre seul compte d’utilisateur, sans administrateur.$\r$\n$\r$\nUne version plus ancienne est remplacée. Ce que vous avez fait avec elle est conservé." \
  "Session FineParser" \
  "FineParser Studio ou sa ligne de commande est en cours d’exécution. Fermez le programme, puis réessayez." \
  "Le dossier $INSTDIR contient un autre programme. Choisissez un autre dossier." \
  "Ce que vous avez fait est conservé : réglages, références et travaux non enregistrés restent dans ${DATA}. Supprimez ce dossier pour les effacer aussi."
!insertmacro Language Spanish \
  "FineParser Studio se instala solo para su cuenta de usuario, sin administrador.$\r$\n$\r$\nUna versión anterior se reemplaza. Lo que usted ha hecho con ella se conserva." \
  "Sesión de FineParser" \
  "FineParser Studio o su línea de comandos está en ejecución. Cierre el programa e inténtelo de nuevo." \
  "La carpeta $INSTDIR contiene otro programa. Elija otra carpeta." \
  "Lo que usted ha hecho se conserva: ajustes, referencias y trabajo sin guardar siguen en ${DATA}. Borre esa carpeta para eliminarlos también."
!insertmacro Language Italian \
  "FineParser Studio viene installato solo per il vostro account utente, senza amministratore.$\r$\n$\r$\nUna versione precedente viene sostituita. Ciò che avete fatto con essa resta." \
  "Sessione di FineParser" \
  "FineParser Studio o la sua riga di comando è in esecuzione. Chiudere il programma e riprovare." \
  "La cartella $INSTDIR contiene un altro programma. Scegliere un’altra cartella." \
  "Ciò che avete fatto resta: impostazioni, riferimenti e lavoro non salvato rimangono in ${DATA}. Eliminate quella cartella per rimuovere anche questi."
!insertmacro Language Russian \
  "FineParser Studio устанавливается только для вашей учётной записи; права администратора не нужны.$\r$\n$\r$\nСтарая версия будет заменена. Всё, что вы в ней сделали, сохранится." \
  "Сеанс FineParser" \
  "FineParser Studio или его командная строка сейчас работает. Закройте программу и повторите попытку." \
  "В папке $INSTDIR находится другая программа. Выберите другую папку." \
  "Сделанное вами сохранено: настройки, эталоны и несохранённая работа остаются в ${DATA}. Чтобы удалить и их, удалите эту папку."
!insertmacro Language SimpChinese \
  "FineParser Studio 只为您的用户帐户安装，无需管理员。$\r$\n$\r$\n旧版本会被替换，您用它完成的成果会保留。" \
  "FineParser 会话" \
  "FineParser Studio 或其命令行正在运行。请关闭程序，然后重试。" \
  "文件夹 $INSTDIR 中有其他程序。请选择其他文件夹。" \
  "您的成果会保留：设置、参考动作和未保存的工作仍在 ${DATA} 中。如需一并删除，请删除该文件夹。"

; Windows lets nobody write to a program that runs.
!macro RefuseWhileRunning PROGRAM
  ${Do}
    ClearErrors
    ${IfNot} ${FileExists} "$INSTDIR\${PROGRAM}"
      ${ExitDo}
    ${EndIf}
    FileOpen $0 "$INSTDIR\${PROGRAM}" a
    ${IfNot} ${Errors}
      FileClose $0
      ${ExitDo}
    ${EndIf}
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDCANCEL`
      SetErrorLevel 2
      Abort "$(RUNNING)"
    ${EndIf}
  ${Loop}
!macroend

!macro TellExplorer
  System::Call "shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)" ; SHCNE_ASSOCCHANGED
!macroend

Section
  ${If} ${FileExists} "$INSTDIR\_internal"
  ${AndIfNot} ${FileExists} "$INSTDIR\fineparser-gui.exe"
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(FOREIGN)" /SD IDOK
    SetErrorLevel 2
    Abort "$(FOREIGN)"
  ${EndIf}
  !insertmacro RefuseWhileRunning fineparser-gui.exe
  !insertmacro RefuseWhileRunning fineparser.exe
  ; The programs and the uninstaller come first: after an interruption they say whose folder this is.
  SetOutPath "$INSTDIR"
  File "${FOLDER}/*.exe"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ; What an older version had and this one has not must not be imported.
  RMDir /r "$INSTDIR\_internal"
  File /r "${FOLDER}/_internal"
  CreateShortCut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\fineparser-gui.exe"

  WriteRegStr HKCU "${CLASSES}\.fineparser" "" "${TYPE}"
  WriteRegStr HKCU "${CLASSES}\${TYPE}" "" "$(SESSION)"
  WriteRegStr HKCU "${CLASSES}\${TYPE}\DefaultIcon" "" "$INSTDIR\fineparser-gui.exe,0"
  WriteRegStr HKCU "${CLASSES}\${TYPE}\shell\open\command" "" '"$INSTDIR\fineparser-gui.exe" "%1"'
  ; "Open with" for videos: offered, never taken from the program that has them.
  WriteRegStr HKCU "${OPEN_WITH}" FriendlyAppName "${NAME}"
  WriteRegStr HKCU "${OPEN_WITH}\shell\open\command" "" '"$INSTDIR\fineparser-gui.exe" "%1"'
  !macro Video SUFFIX
    WriteRegStr HKCU "${OPEN_WITH}\SupportedTypes" "${SUFFIX}" ""
  !macroend
  !insertmacro Video .mp4
  !insertmacro Video .mov
  !insertmacro Video .mkv
  !insertmacro Video .avi
  !insertmacro Video .webm
  !insertmacro TellExplorer

  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${ENTRY}" EstimatedSize $0
  WriteRegDWORD HKCU "${ENTRY}" NoModify 1
  WriteRegDWORD HKCU "${ENTRY}" NoRepair 1
  WriteRegStr HKCU "${ENTRY}" DisplayName "${NAME}"
  WriteRegStr HKCU "${ENTRY}" DisplayVersion "${VERSION}"
  WriteRegStr HKCU "${ENTRY}" DisplayIcon "$INSTDIR\fineparser-gui.exe"
  WriteRegStr HKCU "${ENTRY}" Publisher "${PUBLISHER}"
  WriteRegStr HKCU "${ENTRY}" InstallLocation "$INSTDIR"
  WriteRegStr HKCU "${ENTRY}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${ENTRY}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
SectionEnd

Section Uninstall
  !insertmacro RefuseWhileRunning fineparser-gui.exe
  !insertmacro RefuseWhileRunning fineparser.exe
  Delete "$SMPROGRAMS\${NAME}.lnk"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\fineparser-gui.exe"
  Delete "$INSTDIR\fineparser.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ; Another program may have taken the sessions over.
  ReadRegStr $0 HKCU "${CLASSES}\.fineparser" ""
  ${If} $0 == "${TYPE}"
    DeleteRegKey HKCU "${CLASSES}\.fineparser"
  ${EndIf}
  DeleteRegKey HKCU "${CLASSES}\${TYPE}"
  DeleteRegKey HKCU "${OPEN_WITH}"
  DeleteRegKey HKCU "${ENTRY}"
  !insertmacro TellExplorer
  DetailPrint "$(KEPT)"
SectionEnd
