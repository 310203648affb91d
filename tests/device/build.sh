#!/bin/sh
# Compiles the phone against the JavaRosa inside pyxform's ODK Validate jar, which is used in place, never copied.
# usage: build.sh OUT_DIR   (JDK 17+; the jar from SANU_ODK_VALIDATE_JAR, else from the pyxform of python3)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT_DIR}
jar=${SANU_ODK_VALIDATE_JAR:-$(python3 -c 'import os, pyxform
print(os.path.join(os.path.dirname(pyxform.__file__), "validators", "odk_validate", "bin", "ODK_Validate.jar"))')}
mkdir -p "$out/classes"
javac -nowarn -XDsuppressNotes -proc:none -encoding UTF-8 -cp "$jar" -d "$out/classes" "$here"/src/*.java
printf '#!/bin/sh\nexec java -Xmx1g -Djava.awt.headless=true -cp "%s:%s" OpenRosaDevice "$@"\n' "$out/classes" "$jar" > "$out/openrosa-device"
chmod +x "$out/openrosa-device"
echo "built: $out/openrosa-device"
