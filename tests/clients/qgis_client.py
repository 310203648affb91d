"""QGIS without a screen opens a collection: run by tests/ogc/clients.rs against a small register."""

import os

from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer

application = QgsApplication([], False)
application.initQgis()
uri = (
    f"url='{os.environ['SANU_URL']}' typename='sites' username='{os.environ['SANU_LOGIN']}' "
    f"password='{os.environ['SANU_PASSWORD']}'"
)
layer = QgsVectorLayer(uri, "sites", "OAPIF")
assert layer.isValid(), layer.error().message()
features = list(layer.getFeatures())
assert len(features) == 8, len(features)
assert "workers_total" in layer.fields().names()
box = QgsFeatureRequest().setFilterRect(QgsRectangle(-8.1, 12.5, -7.9, 12.7))
assert sum(1 for _ in layer.getFeatures(box)) == 3
del features, layer
application.exitQgis()
print("all is well")
