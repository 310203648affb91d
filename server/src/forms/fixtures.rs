//! Small forms for the tests of this module.

use super::model::XForm;

/// A household form: groups, a repeat with an entity of its own, an entity at the root, lists.
pub(super) const HOUSEHOLD: &str = r#"<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms"
  xmlns:entities="http://www.opendatakit.org/xforms/entities" xmlns:s="urn:sanu:form:1">
<h:head><h:title>Ménage</h:title>
<model entities:entities-version="2025.1.0" s:dataset="menages" s:mode="create"
  s:realm="children" s:log="visites">
 <itext>
  <translation lang="English (en)" default="true()">
   <text id="q:label"><value>Name</value></text></translation>
  <translation lang="Français (fr)">
   <text id="q:label"><value form="image">jr://images/nom.png</value><value>Nom du ménage</value></text>
  </translation>
 </itext>
 <instance><data id="menage" version="7">
  <start/><nom/><taille/><visite/><place/><photo/>
  <eau><source/><usages/><commune/></eau>
  <arbre jr:template=""><espece/><mesure><tour/></mesure><rameau jr:template=""><fruits/></rameau>
   <meta><entity dataset="arbres" create="1" id=""><label/></entity></meta></arbre>
  <arbre><espece/><mesure><tour/></mesure>
   <meta><entity dataset="arbres" create="1" id=""><label/></entity></meta></arbre>
  <meta><entity dataset="menages" create="1" update="" id="" baseVersion=""><label/></entity>
   <instanceID/><instanceName/><audit/></meta>
 </data></instance>
 <instance id="sources"><root>
  <item><name>puits</name><label>Puits</label></item>
  <item><name>forage</name><label>Forage</label></item></root></instance>
 <instance id="communes" src="jr://file-csv/communes.csv"/>
 <bind nodeset="/data/start" jr:preload="timestamp" jr:preloadParams="start" type="dateTime"/>
 <bind nodeset="/data/nom" type="string" required="true()" entities:saveto="nom" s:class="direct" s:property="name"/>
 <bind nodeset="/data/taille" type="int" constraint=". &gt;= 1 and . &lt;= 60" required="true()" s:class="quasi" s:property="size"/>
 <bind nodeset="/data/visite" type="date" constraint=". &lt;= today()" s:class="none"/>
 <bind nodeset="/data/place" type="geopoint" constraint="selected-at(., 3) &lt;= 20" entities:saveto="geometry"/>
 <bind nodeset="/data/photo" type="binary" required="true()"/>
 <bind nodeset="/data/eau/source" type="string" required="true()" s:class="none" entities:saveto="eau"/>
 <bind nodeset="/data/eau/usages" type="string" s:class="none"/>
 <bind nodeset="/data/eau/commune" type="string" required=" /data/nom = 'x' "/>
 <bind nodeset="/data/arbre/espece" type="string" required="true()" s:class="none" entities:saveto="espece"/>
 <bind nodeset="/data/arbre/mesure/tour" type="decimal" s:class="none" s:property="girth" entities:saveto="tour"/>
 <bind nodeset="/data/arbre/rameau/fruits" type="int" s:class="none"/>
</model></h:head>
<h:body>
 <input ref="/data/nom"><label ref="jr:itext('q:label')"/></input>
 <input ref="/data/taille"><label>Taille</label></input>
 <input ref="/data/visite"/><input ref="/data/place"/>
 <upload ref="/data/photo" mediatype="image/*"/>
 <group ref="/data/eau">
  <select1 ref="/data/eau/source"><itemset nodeset="instance('sources')/root/item[name != 'x']">
   <value ref="name"/><label ref="label"/></itemset></select1>
  <select ref="/data/eau/usages"><item><label>Boire</label><value>boire</value></item>
   <item><label>Laver</label><value>laver</value></item></select>
  <select1 ref="/data/eau/commune"><itemset nodeset="randomize(instance('communes')/root/item[a=1])">
   <value ref="name"/><label ref="label"/></itemset></select1>
 </group>
 <group ref="/data/arbre"><repeat nodeset="/data/arbre">
  <input ref="/data/arbre/espece"/><input ref="/data/arbre/mesure/tour"/>
  <group ref="/data/arbre/rameau"><repeat nodeset="/data/arbre/rameau">
   <input ref="/data/arbre/rameau/fruits"/></repeat></group>
 </repeat></group>
</h:body></h:html>"#;

/// The household form, read.
pub(super) fn household() -> XForm {
    XForm::parse(HOUSEHOLD.as_bytes()).expect("the fixture is a valid form")
}

/// A submission of the household form with this content.
pub(super) fn submission(content: &str) -> String {
    format!(
        "<data id=\"menage\" version=\"7\" xmlns:orx=\"http://openrosa.org/xforms\">{content}</data>"
    )
}
