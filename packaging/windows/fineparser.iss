; Installer of the app for Windows, made by Inno Setup 6 from the folder that `python packaging/dev.py bundle` builds:
;   iscc /DVersion=0.1.0 /DFolder="build\bundle\dist\FineParser Studio" /DIcon=build\bundle\icons\fineparser-studio.ico ^
;     packaging\windows\fineparser.iss
; Signing: give iscc /Ssigntool="signtool.exe sign /fd sha256 /tr URL /td sha256 /f CERTIFICATE $f" and uncomment SignTool;
; both programs of the folder are signed before that, in .github/workflows/release.yml.

[Setup]
AppId={{6E0B1B6F-4D0C-4F0E-9C39-5C1B3D1B7E52}
AppName=FineParser Studio
AppVersion={#Version}
DefaultDirName={autopf}\FineParser Studio
DefaultGroupName=FineParser Studio
; Without an administrator it is installed for one user.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
SetupIconFile={#SourcePath}\..\..\{#Icon}
UninstallDisplayIcon={app}\fineparser-gui.exe
LicenseFile={#SourcePath}\..\..\LICENSE
OutputDir={#SourcePath}\..\..\build\bundle
OutputBaseFilename=fineparser-studio-{#Version}-setup
Compression=lzma2
SolidCompression=yes
; SignTool=signtool

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"
Name: "fr"; MessagesFile: "compiler:Languages\French.isl"
Name: "es"; MessagesFile: "compiler:Languages\Spanish.isl"
Name: "it"; MessagesFile: "compiler:Languages\Italian.isl"
Name: "ru"; MessagesFile: "compiler:Languages\Russian.isl"

[Files]
Source: "{#SourcePath}\..\..\{#Folder}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[InstallDelete]
; What an older version had and this one has not must not be imported.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{group}\FineParser Studio"; Filename: "{app}\fineparser-gui.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.fineparser"; ValueType: string; ValueData: "FineParser.Session"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\FineParser.Session"; ValueType: string; ValueData: "FineParser session"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\FineParser.Session\DefaultIcon"; ValueType: string; ValueData: "{app}\fineparser-gui.exe,0"
Root: HKA; Subkey: "Software\Classes\FineParser.Session\shell\open\command"; ValueType: string; ValueData: """{app}\fineparser-gui.exe"" ""%1"""
; "Open with" for videos: offered, never taken from the program that has them.
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "FineParser Studio"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe\shell\open\command"; ValueType: string; ValueData: """{app}\fineparser-gui.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".mp4"
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".mov"
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".mkv"
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".avi"
Root: HKA; Subkey: "Software\Classes\Applications\fineparser-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".webm"

[Run]
Filename: "{app}\fineparser-gui.exe"; Description: "{cm:LaunchProgram,FineParser Studio}"; Flags: nowait postinstall skipifsilent

[Code]
procedure CurUninstallStepChanged(Step: TUninstallStep);
begin
  if (Step = usPostUninstall) and not UninstallSilent then
    MsgBox('FineParser Studio is removed. What you made is kept: settings, exemplars and unsaved work in '
      + ExpandConstant('{localappdata}') + '\fineparser.', mbInformation, MB_OK);
end;
